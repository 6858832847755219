// A terminal with npm `oauth4webapi`: begins, prints what a person needs as one line of JSON, polls,
// asks userinfo, refreshes, signs out. Exits 0 only if all of it holds.
import * as oauth from "oauth4webapi";
import assert from "node:assert";

const [issuer, id] = process.argv.slice(2);
const open = { [oauth.allowInsecureRequests]: true };
const at = new URL(issuer);
const as = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, open));
const client = { client_id: id };
const none = oauth.None();
const begun = await oauth.processDeviceAuthorizationResponse(as, client,
  await oauth.deviceAuthorizationRequest(
    as, client, none, { scope: "openid profile offline_access" }, open,
  ),
);
console.log(JSON.stringify(begun));
let tokens;
while (!tokens) {
  await new Promise((over) => setTimeout(over, begun.interval * 1000));
  const answer = await oauth.deviceCodeGrantRequest(as, client, none, begun.device_code, open);
  tokens = await oauth.processDeviceCodeResponse(as, client, answer).catch((error) => {
    if (error.error !== "authorization_pending") throw error;
  });
}
const { sub } = oauth.getValidatedIdTokenClaims(tokens);
const told = await oauth.processUserInfoResponse(
  as, client, sub, await oauth.userInfoRequest(as, client, tokens.access_token, open),
);
assert.equal(told.name, "演示·李明");
const renewed = await oauth.processRefreshTokenResponse(as, client,
  await oauth.refreshTokenGrantRequest(as, client, none, tokens.refresh_token, open),
);
assert.notEqual(renewed.refresh_token, tokens.refresh_token);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, none, renewed.refresh_token, open),
);
const gone = await oauth.refreshTokenGrantRequest(as, client, none, renewed.refresh_token, open);
await assert.rejects(oauth.processRefreshTokenResponse(as, client, gone), { error: "invalid_grant" });
