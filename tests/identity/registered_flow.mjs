// An app that registers itself with npm `openid-client`: signed answer, code, signed userinfo and
// introspection, refresh, logout; npm `jose` checks whatever we signed once more, logout token too.
// Prints where a browser has to go and reads where it came out. Exits 0 only if all of it holds.
import assert from "node:assert";
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const heard = async () => JSON.parse((await lines.next()).value);
const say = (what) => console.log(JSON.stringify(what));
const { issuer, now, redirect, goodbye, alg } = await heard();
const real = Date.now;
const offset = now * 1000 - real();
Date.now = () => real() + offset; // the test city has a time of its own
const client = await import("openid-client");
const jose = await import("jose");

const config = await client.dynamicClientRegistration(new URL(issuer), {
  client_name: "演示·自注册应用", redirect_uris: [redirect], post_logout_redirect_uris: [goodbye],
  grant_types: ["authorization_code", "refresh_token"], scope: "openid profile offline_access",
  token_endpoint_auth_method: "client_secret_post", id_token_signed_response_alg: alg,
  userinfo_signed_response_alg: alg, authorization_signed_response_alg: alg,
  introspection_signed_response_alg: alg,
}, undefined, { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] });
client.useJwtResponseMode(config);
const server = config.serverMetadata();
const { client_id: id, client_secret: secret } = config.clientMetadata();
const keys = jose.createRemoteJWKSet(new URL(server.jwks_uri));
async function check(token, typ) {
  const expected = { issuer, audience: id, algorithms: [alg], typ, currentDate: new Date(Date.now()) };
  return (await jose.jwtVerify(token, keys, expected)).payload;
}

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
say({ go: client.buildAuthorizationUrl(config, {
  redirect_uri: redirect, scope: "openid profile offline_access", state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
}) });
const callback = new URL((await heard()).at);
assert.equal((await check(callback.searchParams.get("response"))).state, state);
const tokens = await client.authorizationCodeGrant(config, callback, {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
});
const { sub, sid } = await check(tokens.id_token);
assert.equal(tokens.claims().sub, sub);

assert((await client.fetchUserInfo(config, tokens.access_token, sub)).name);
const bearer = { authorization: `Bearer ${tokens.access_token}` };
const told = await fetch(server.userinfo_endpoint, { headers: bearer });
assert.equal((await check(await told.text())).sub, sub);

const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(renewed.refresh_token, tokens.refresh_token);
assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, true);
const asked = await fetch(server.introspection_endpoint, {
  method: "POST", headers: { accept: "application/token-introspection+jwt" },
  body: new URLSearchParams({ token: renewed.access_token, client_id: id, client_secret: secret }),
});
const { token_introspection: seen } = await check(await asked.text(), "token-introspection+jwt");
assert.equal(seen.active, true);

say({ go: client.buildEndSessionUrl(config, {
  id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbye, state: "left",
}) });
const { at, logoutToken } = await heard();
assert.equal(at, `${goodbye}?state=left`);
const logout = await check(logoutToken, "logout+jwt");
assert.deepEqual([logout.sub, logout.sid], [sub, sid]);
await assert.rejects(check(logoutToken.slice(0, -4) + "AAAA", "logout+jwt"));
await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token));
