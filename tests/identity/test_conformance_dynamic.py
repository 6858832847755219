"""The suite's dynamic plan registers as it does: private_key_jwt, one RS256 key without a name."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.identity.browser import Browser
from tests.identity.conftest import Site
from tests.identity.signing import proving
from tests.identity.suite import id_token, userinfo
from tests.identity.test_registration import register, registered
from tests.identity.world import REDIRECT

module = pytest.mark.module
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=False)
PUBLIC = {key: value for key, value in KEY.as_dict(private=False).items() if key != "kid"}
App = dict[str, Any]


def as_the_suite_does(**changes: Any) -> App:
    usual = {
        "client_name": "OIDF test",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "jwks": {"keys": [PUBLIC]},
        "token_endpoint_auth_method": "private_key_jwt",
        "redirect_uris": [REDIRECT],
        "contacts": ["certification@oidf.example"],
    }
    return usual | changes


def authorize(browser: Browser, app: App, **changes: str) -> str:
    request = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": REDIRECT}
    request |= {"scope": "openid", "state": "s", "nonce": "n", **changes}
    return browser.authorize(request)["code"]


def ask(site: Site, app: App, audience: str, **form: str) -> Any:
    now = site.world.clock.now
    claims = {
        "iss": app["client_id"], "sub": app["client_id"], "aud": audience,
        "iat": now, "exp": now + 60, "jti": site.world.realm.fresh_id(),
    }  # fmt: skip
    text = jwt.encode({"alg": "RS256"}, claims, KEY, ["RS256"])
    return site.browser().http.post("/token", data={**form, **proving(text)})


def redeem(site: Site, app: App, code: str, audience: str = "") -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    return ask(site, app, audience or f"{site.url}/token", **form)


@module("oidcc-server")
@module("oidcc-refresh-token")
@module("oidcc-codereuse")
def test_an_app_with_a_key_goes_through_a_whole_life(site: Site) -> None:
    browser = site.browser("reader")
    app = registered(browser, **as_the_suite_does())
    assert as_the_suite_does().items() <= app.items()
    code = authorize(browser, app)
    answer = redeem(site, app, code)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert id_token(browser, tokens)["sub"] == userinfo(browser, tokens)["sub"]
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    again = ask(site, app, f"{site.url}/token", **refresh, scope="openid").json()
    assert id_token(browser, again)["sub"] == id_token(browser, tokens)["sub"]
    reused = redeem(site, app, code)
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    own = {"Authorization": f"Bearer {app['registration_access_token']}"}
    assert browser.http.delete(app["registration_client_uri"], headers=own).status_code == 204


@module("oidcc-refresh-token")
def test_a_refresh_token_belongs_to_its_app(site: Site) -> None:
    browser = site.browser("reader")
    first, second = (registered(browser, **as_the_suite_does()) for _ in range(2))
    token = redeem(site, first, authorize(browser, first)).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    refused = ask(site, second, f"{site.url}/token", **form)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@module("oidcc-ensure-client-assertion-with-iss-aud-succeeds")
def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(site: Site) -> None:
    browser = site.browser("reader")
    app = registered(browser, **as_the_suite_does())
    assert redeem(site, app, authorize(browser, app), site.url).status_code == 200
    refused = redeem(site, app, authorize(browser, app), f"{site.url}/other")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


@module("oidcc-userinfo-rs256")
def test_oidcc_userinfo_rs256_with_a_key(site: Site) -> None:
    browser = site.browser("reader")
    app = registered(browser, **as_the_suite_does(userinfo_signed_response_alg="RS256"))
    tokens = redeem(site, app, authorize(browser, app)).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = browser.http.get("/userinfo", headers=headers)
    keys = KeySet.import_key_set(browser.http.get("/jwks").json())
    claims = jwt.decode(answer.text, keys, ["RS256"]).claims
    assert claims["sub"] == id_token(browser, tokens)["sub"]
    assert (claims["iss"], claims["aud"]) == (site.url, app["client_id"])


@module("oidcc-3rd_party-init-login-nohttps")
def test_an_address_that_is_not_https_is_refused_as_metadata(site: Site) -> None:
    document = as_the_suite_does(initiate_login_uri="http://app.example/begin")
    answer = register(site.browser(), **document)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert answer.headers["content-type"] == "application/json"


@module("oidcc-3rd_party-init-login")
def test_what_begins_a_sign_in_is_told_at_registration_and_later(site: Site) -> None:
    browser, address = site.browser(), "https://app.example/begin"
    app = registered(browser, **as_the_suite_does(initiate_login_uri=address))
    own = {"Authorization": f"Bearer {app['registration_access_token']}"}
    answer = browser.http.get(app["registration_client_uri"], headers=own)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert app["initiate_login_uri"] == answer.json()["initiate_login_uri"] == address
