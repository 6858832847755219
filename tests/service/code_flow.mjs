// The code flow with npm `openid-client` and a browser made of fetch: sign-in, act-for, consent,
// callback, userinfo, introspection of nothing of ours, refresh. Exits 0 only if all of it holds.
import * as client from "openid-client";
import assert from "node:assert";

const [issuer, id, secret, password] = process.argv.slice(2);
const redirect = "http://127.0.0.1:4999/cb";
const config = await client.discovery(
  new URL(issuer), id, secret, client.ClientSecretBasic(secret),
  { execute: [client.allowInsecureRequests] },
);
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const start = client.buildAuthorizationUrl(config, {
  redirect_uri: redirect, scope: "openid profile offline_access", state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
});

const jar = new Map();
async function go(address, form) {
  const answer = await fetch(address, {
    method: form ? "POST" : "GET", body: form ? new URLSearchParams(form) : undefined,
    redirect: "manual", headers: { cookie: [...jar].map(([k, v]) => `${k}=${v}`).join("; ") },
  });
  for (const cookie of answer.headers.getSetCookie()) {
    const [pair] = cookie.split(";");
    jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
  }
  return answer;
}
const unescape = (text) => text.replaceAll("&amp;", "&").replaceAll("&#34;", '"').replaceAll("&#39;", "'");
const attribute = (tag, name) => unescape(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
function formOn(page, at) {
  for (const [, head, body] of page.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const fields = {};
    for (const [tag] of body.matchAll(/<input[^>]*>/g)) fields[attribute(tag, "name")] = attribute(tag, "value");
    if ("password" in fields) return { to: attribute(head, "action"), fields: { ...fields, account: "person", password } };
    if (at.pathname === "/act-for" && body.includes('name="party"')) {
      return { to: attribute(head, "action"), fields: { ...fields, party: attribute(/<button[^>]*name="party"[^>]*>/.exec(body)[0], "value") } };
    }
    if (body.includes('value="allow"')) return { to: attribute(head, "action"), fields: { ...fields, decision: "allow" } };
  }
  throw new Error(`no form to go on with at ${at.pathname}`);
}

let at = start;
let answer = await go(at);
for (let pages = 0; pages < 16; pages++) {
  if (answer.status >= 300 && answer.status < 400) {
    at = new URL(answer.headers.get("location"), at);
    if (at.href.startsWith(redirect)) break;
    answer = await go(at);
    continue;
  }
  assert(answer.ok, `${at.pathname} answered ${answer.status}`);
  const form = formOn(await answer.text(), at);
  at = new URL(form.to || at, at);
  answer = await go(at, form.fields);
}
const tokens = await client.authorizationCodeGrant(config, at, {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
});
const claims = tokens.claims();
console.log("signed in", claims.sub.length, "characters of subject");
const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
assert(person.name, "userinfo has a name");
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert(renewed.access_token && renewed.access_token !== tokens.access_token);
console.log("refreshed");
