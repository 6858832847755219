"""ID tokens straight from the authorization endpoint: for whom, how, and what is refused."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from identity.operating.registering import BY_TOKEN
from identity.signing.tokens import half_hash
from service.tour.forms import read_forms
from tests.identity.browser import Browser
from tests.identity.conftest import Site
from tests.identity.suite import id_token, userinfo
from tests.identity.test_encryption import EC, claims_in, opened, public
from tests.identity.test_registration import own_headers, register, registered
from tests.identity.world import REDIRECT

ADDRESS = "https://app.example/cb"
ALONE, BOTH = "id_token", "id_token token"
IMPLICIT = {
    "redirect_uris": [ADDRESS], "grant_types": ["implicit"], "response_types": [ALONE, BOTH],
}  # fmt: skip
App = dict[str, Any]


def asked(app: App, **changes: str | None) -> dict[str, str]:
    usual: dict[str, str | None] = {
        "response_type": ALONE,
        "client_id": app["client_id"],
        "redirect_uri": ADDRESS,
        "scope": "openid email",
        "state": "the state",
        "nonce": "the nonce",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def answer(browser: Browser, request: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Go through with a request; the address the browser is sent to, and its fragment."""
    page = browser.http.get("/authorize", params=request)
    for _ in range(8):
        while page.is_redirect:
            target = httpx.URL(str(page.url)).join(page.headers["location"])
            if not str(target).startswith(browser.url):
                parts = urlsplit(str(target))
                told = {name: values[0] for name, values in parse_qs(parts.fragment).items()}
                return str(target), told
            page = browser.http.get(str(target))
        page = browser.submit(page)
    raise AssertionError("too many pages")


@pytest.fixture
def app(site: Site) -> App:
    return registered(site.browser(), **IMPLICIT)


def test_what_was_registered_is_told(app: App) -> None:
    assert app["grant_types"] == ["implicit"]
    assert app["response_types"] == [ALONE, BOTH]


def test_an_id_token_comes_alone_with_the_claims_in_it(site: Site, app: App) -> None:
    browser = site.browser("reader")
    address, told = answer(browser, asked(app))
    assert "?" not in address
    assert told.keys() == {"id_token", "state", "iss"}
    assert (told["state"], told["iss"]) == ("the state", site.url)
    claims = id_token(browser, told)
    assert (claims["aud"], claims["nonce"]) == (app["client_id"], "the nonce")
    assert claims["email"] == "tester@demo.example"
    assert "at_hash" not in claims
    assert "name" not in claims


@pytest.mark.parametrize("spelled", [BOTH, "token id_token"])
def test_an_access_token_comes_beside_it_and_tells_the_claims(
    site: Site, app: App, spelled: str
) -> None:
    browser = site.browser("reader")
    _, told = answer(browser, asked(app, response_type=spelled))
    assert told["token_type"] == "Bearer"
    assert int(told["expires_in"]) > 0
    assert "refresh_token" not in told
    claims = id_token(browser, told)
    assert claims["at_hash"] == half_hash(told["access_token"], "RS256")
    assert "email" not in claims
    assert userinfo(browser, told)["email"] == "tester@demo.example"


def test_both_end_with_the_sign_in(site: Site, app: App) -> None:
    browser = site.browser("reader")
    _, told = answer(browser, asked(app, response_type=BOTH))
    browser.http.get("/logout", params={"id_token_hint": told["id_token"]})
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    assert browser.http.get("/userinfo", headers=headers).status_code == 401


def test_a_token_of_one_person_does_not_sign_out_another(site: Site, app: App) -> None:
    _, told = answer(site.browser("reader"), asked(app, response_type=BOTH))
    other = site.ready()
    other.http.get("/logout", params={"id_token_hint": told["id_token"]})
    assert other.http.get("/account").status_code == 200


def test_the_answer_may_be_posted(site: Site, app: App) -> None:
    browser = site.browser("reader")
    answer(browser, asked(app))
    page = browser.http.get("/authorize", params=asked(app, response_mode="form_post"))
    (form,) = [form for form in read_forms(page.text) if form.action == ADDRESS]
    assert form.fields.keys() == {"id_token", "state", "iss"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"nonce": None}, "invalid_request"),
        ({"scope": "email"}, "invalid_scope"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"response_mode": "jwt"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"max_age": "x"}, "invalid_request"),
    ],
)
def test_what_is_wrong_is_told_in_the_fragment_too(
    site: Site, app: App, changes: dict[str, str | None], error: str
) -> None:
    request = asked(app, **changes)
    mode = request.get("response_mode", "")
    page = site.browser("reader").http.get("/authorize", params=request)
    parts = urlsplit(page.headers["location"])
    told = parse_qs(parts.query if mode else parts.fragment)
    if mode != "jwt":
        assert told["error"] == [error]
        assert told["state"] == ["the state"]
    assert "id_token" not in page.headers["location"]


@pytest.mark.parametrize("response_type", ["token", "code id_token", "code token", "code"])
def test_nothing_else_is_given(site: Site, app: App, response_type: str) -> None:
    request = asked(app, response_type=response_type)
    page = site.browser("reader").http.get("/authorize", params=request)
    told = parse_qs(urlsplit(page.headers["location"]).query)
    assert told["error"] == ["unsupported_response_type"]


def test_an_app_that_did_not_register_it_gets_none(site: Site) -> None:
    app = registered(site.browser())
    request = asked(app, redirect_uri=REDIRECT)
    page = site.browser("reader").http.get("/authorize", params=request)
    assert parse_qs(urlsplit(page.headers["location"]).query)["error"] == [
        "unsupported_response_type"
    ]


def test_where_nobody_may_register_nobody_gets_it(site: Site, app: App) -> None:
    realm = site.world.realm
    object.__setattr__(realm, "registration", "closed")
    try:
        page = site.browser("reader").http.get("/authorize", params=asked(app))
        assert "unsupported_response_type" in page.headers["location"]
        object.__setattr__(realm, "registration", BY_TOKEN)
        _, told = answer(site.browser("reader"), asked(app))
        assert told["id_token"]
    finally:
        object.__setattr__(realm, "registration", "open")


@pytest.mark.parametrize(
    "changes",
    [
        {"grant_types": ["authorization_code"]},
        {"grant_types": ["authorization_code", "implicit"]},
        {"response_types": ["code"]},
        {"response_types": ["token"]},
        {"response_types": ["code id_token"]},
        {"redirect_uris": [REDIRECT]},
        {"redirect_uris": []},
        {"profile": "standard"},
        {"token_endpoint_auth_method": "none"},
        {"id_token_encrypted_response_alg": "ECDH-ES", "jwks_uri": "https://app.example/jwks"},
    ],
)
def test_what_does_not_fit_is_not_registered(site: Site, changes: App) -> None:
    assert register(site.browser(), **(IMPLICIT | changes)).status_code == 400


def test_codes_and_tokens_may_be_registered_together(site: Site) -> None:
    both = {"grant_types": ["authorization_code", "implicit"], "response_types": ["code", ALONE]}
    app = registered(site.browser(), **(IMPLICIT | both))
    assert set(app["response_types"]) == {"code", ALONE}
    told = site.browser().http.get(app["registration_client_uri"], headers=own_headers(app)).json()
    assert set(told["grant_types"]) == {"authorization_code", "refresh_token", "implicit"}


def test_the_token_may_be_encrypted(site: Site) -> None:
    wanted = {"id_token_encrypted_response_alg": "ECDH-ES", "jwks": public(EC)}
    app = registered(site.browser(), **IMPLICIT, **wanted)
    browser = site.browser("reader")
    _, told = answer(browser, asked(app))
    assert claims_in(browser, opened(told["id_token"], "ECDH-ES"))["nonce"] == "the nonce"


def test_a_claim_wanted_in_the_id_token_comes_in_it(site: Site, app: App) -> None:
    browser = site.browser("reader")
    wanted = json.dumps({"id_token": {"birthdate": None}})
    request = asked(app, response_type=BOTH, scope="openid", claims=wanted)
    claims = id_token(browser, answer(browser, request)[1])
    assert claims["birthdate"] == "1929-01-01"
