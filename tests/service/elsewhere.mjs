// A terminal (device grant) or a clerk's window (CIBA) with npm `openid-client`: begins, prints what a
// person needs as one line of JSON, polls, and asks userinfo. Exits 0 only if all of it holds.
import * as client from "openid-client";
import assert from "node:assert";

const [what, issuer, id, secret, hint] = process.argv.slice(2);
const authentication = secret ? client.ClientSecretBasic(secret) : client.None();
const config = await client.discovery(
  new URL(issuer), id, undefined, authentication, { execute: [client.allowInsecureRequests] },
);
const scope = "openid profile";
let tokens;
if (what === "terminal") {
  const begun = await client.initiateDeviceAuthorization(config, { scope });
  console.log(JSON.stringify(begun));
  tokens = await client.pollDeviceAuthorizationGrant(config, begun);
} else {
  const asked = { scope, login_hint: hint, binding_message: "W-7", requested_expiry: "60" };
  const begun = await client.initiateBackchannelAuthentication(config, asked);
  console.log(JSON.stringify(begun));
  tokens = await client.pollBackchannelAuthenticationGrant(config, begun);
}
const claims = tokens.claims();
assert(claims.sub, "the ID token names nobody");
const told = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
assert.equal(told.name, "演示·李明");
