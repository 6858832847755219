// A bank with npm `openid-client`: pushed request, private_key_jwt, DPoP with our nonces, refresh,
// introspection, revocation. Reads one JSON object; exits 0 only if all of it holds.
import assert from "node:assert";
import { readFileSync } from "node:fs";

const { issuer, now, clientId, key, redirect, cookie } = JSON.parse(readFileSync(0, "utf8"));
const real = Date.now;
const offset = now * 1000 - real();
Date.now = () => real() + offset; // the test city has a time of its own
const client = await import("openid-client");

const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const own = await crypto.subtle.importKey("jwk", key, algorithm, false, ["sign"]);
const config = await client.discovery(
  new URL(issuer), clientId, undefined, client.PrivateKeyJwt({ key: own, kid: key.kid }),
  { execute: [client.allowInsecureRequests] },
);
const held = await client.randomDPoPKeyPair("ES256");
const DPoP = client.getDPoPHandle(config, held);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const start = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: redirect, scope: "openid profile offline_access", state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
}, { DPoP });
assert.deepEqual([...start.searchParams.keys()].sort(), ["client_id", "request_uri"]);
const answer = await fetch(start, { redirect: "manual", headers: { cookie } });
const callback = new URL(answer.headers.get("location"), start);
assert(callback.href.startsWith(redirect), callback.href);

const tokens = await client.authorizationCodeGrant(config, callback, {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
}, undefined, { DPoP });
assert.equal(tokens.token_type, "dpop");
const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
assert(person.name);
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
assert.equal(renewed.token_type, "dpop");
assert.equal(renewed.refresh_token, tokens.refresh_token);
const told = await client.tokenIntrospection(config, renewed.access_token);
assert.equal(told.active, true);
assert(told.cnf.jkt);
await client.tokenRevocation(config, tokens.refresh_token);
assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, false);
console.log("all of it");
