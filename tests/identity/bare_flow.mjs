// A bank with npm `oauth4webapi`: pushed request, private_key_jwt, DPoP with our nonces, the signed
// ID token, userinfo, refresh, introspection, revocation, and logout. Exits 0 only if all of it holds.
import assert from "node:assert";
import { readFileSync } from "node:fs";

const { issuer, now, clientId, key, redirect, cookie } = JSON.parse(readFileSync(0, "utf8"));
const real = Date.now;
const offset = now * 1000 - real();
Date.now = () => real() + offset; // the test city has a time of its own
const oauth = await import("oauth4webapi");
const open = { [oauth.allowInsecureRequests]: true };

const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const own = await crypto.subtle.importKey("jwk", key, algorithm, false, ["sign"]);
const at = new URL(issuer);
const as = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, open));
const client = { client_id: clientId };
const proof = oauth.PrivateKeyJwt({ key: own, kid: key.kid });
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
const options = { ...open, DPoP };

// The first call of each kind may be answered with a nonce to use (RFC 9449 §8); then once more.
async function twice(call, read) {
  try {
    return await read(await call());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return read(await call());
  }
}

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const parameters = {
  redirect_uri: redirect, scope: "openid profile offline_access", response_type: "code", state, nonce,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
};
const pushed = await twice(
  () => oauth.pushedAuthorizationRequest(as, client, proof, parameters, options),
  (response) => oauth.processPushedAuthorizationResponse(as, client, response),
);
const start = new URL(as.authorization_endpoint);
start.search = new URLSearchParams({ client_id: clientId, request_uri: pushed.request_uri });
const answer = await fetch(start, { redirect: "manual", headers: { cookie } });
const callback = new URL(answer.headers.get("location"), start);
assert(callback.href.startsWith(redirect), callback.href);
const told = oauth.validateAuthResponse(as, client, callback, state);

const tokens = await twice(
  () => oauth.authorizationCodeGrantRequest(as, client, proof, told, redirect, verifier, options),
  (response) => oauth.processAuthorizationCodeResponse(
    as, client, response, { expectedNonce: nonce, requireIdToken: true },
  ),
);
assert.equal(tokens.token_type, "dpop");
const claims = oauth.getValidatedIdTokenClaims(tokens);
const person = await twice(
  () => oauth.userInfoRequest(as, client, tokens.access_token, options),
  (response) => oauth.processUserInfoResponse(as, client, claims.sub, response),
);
assert(person.name);
const renewed = await twice(
  () => oauth.refreshTokenGrantRequest(as, client, proof, tokens.refresh_token, options),
  (response) => oauth.processRefreshTokenResponse(as, client, response),
);
assert.equal(renewed.token_type, "dpop");
const introspect = async () => oauth.processIntrospectionResponse(
  as, client, await oauth.introspectionRequest(as, client, proof, renewed.access_token, open),
);
assert.equal((await introspect()).active, true);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, proof, tokens.refresh_token, open),
);
assert.equal((await introspect()).active, false);

const leave = new URL(as.end_session_endpoint);
leave.search = new URLSearchParams({ id_token_hint: tokens.id_token });
const left = await fetch(leave, { redirect: "manual", headers: { cookie } });
assert.equal(left.status, 303);
const again = await fetch(new URL("/account", issuer), { redirect: "manual", headers: { cookie } });
assert(again.headers.get("location").startsWith("/sign-in"), "the sign-in has ended");
console.log("all of it");
