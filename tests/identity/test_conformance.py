"""The OpenID Foundation suite's modules for a code provider, one test of the same name each.

Each runs as a static and as a dynamically registered app, answered in the query and by a form:
so it stands for its namesake in the plans Basic and Form Post Basic.
"""

import base64
import json
from collections.abc import Iterator, Mapping

import httpx
import pytest

from identity.asking.scopes import CLAIMS
from service.tour.forms import read_forms
from tests.identity.browser import VERIFIER, Browser, challenge_of, told
from tests.identity.conftest import Site
from tests.identity.registered import NAMES
from tests.identity.suite import (
    DYNAMIC,
    FORM_POST,
    QUERY,
    STATIC,
    WITH_QUERY,
    asked,
    complete,
    complete_with,
    id_token,
    proof,
    redeem,
    use,
    userinfo,
)
from tests.identity.world import GOODBYE, REDIRECT

module = pytest.mark.module


@pytest.fixture(
    params=[(STATIC, QUERY), (DYNAMIC, FORM_POST)], ids=["static", "dynamic-form"], autouse=True
)
def way(request: pytest.FixtureRequest, site: Site) -> Iterator[None]:
    """Every module is followed by both kinds of apps, and both kinds of answers."""
    with use(site, *request.param):
        yield


@module("oidcc-server")
def test_oidcc_server(site: Site) -> None:
    browser = site.browser("reader")
    tokens = complete(browser)
    assert browser.pages[0] == "/sign-in"
    assert userinfo(browser, tokens)["sub"] == id_token(browser, tokens)["sub"]


@module("oidcc-response-type-missing")
def test_oidcc_response_type_missing(site: Site) -> None:
    told_app = site.browser("reader").authorize(asked(response_type=None))
    assert told_app["error"] == "invalid_request"
    assert told_app["state"] == "the state"


@module("oidcc-idtoken-signature")
def test_oidcc_idtoken_signature(site: Site) -> None:
    browser = site.browser("reader")
    token = complete(browser)["id_token"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    published = browser.http.get("/jwks").json()["keys"]
    kids = {key["kid"]: key["alg"] for key in published if key["use"] == "sig"}
    assert kids[header["kid"]] == header["alg"]


@module("oidcc-idtoken-unsigned")
def test_oidcc_idtoken_unsigned(site: Site) -> None:
    metadata = site.browser("reader").http.get("/.well-known/openid-configuration").json()
    assert "none" not in metadata["id_token_signing_alg_values_supported"]


@module("oidcc-userinfo-get")
def test_oidcc_userinfo_get(site: Site) -> None:
    browser = site.browser("reader")
    assert userinfo(browser, complete(browser))["sub"]


@module("oidcc-userinfo-post-header")
def test_oidcc_userinfo_post_header(site: Site) -> None:
    browser = site.browser("reader")
    headers = {"Authorization": f"Bearer {complete(browser)['access_token']}"}
    assert browser.http.post("/userinfo", headers=headers).json()["sub"]


@module("oidcc-userinfo-post-body")
def test_oidcc_userinfo_post_body(site: Site) -> None:
    browser = site.browser("reader")
    form = {"access_token": complete(browser)["access_token"]}
    assert browser.http.post("/userinfo", data=form).json()["sub"]


@module("oidcc-ensure-request-without-nonce-succeeds-for-code-flow")
def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(site: Site) -> None:
    complete(site.browser("reader"), nonce=None)


def claims_for(scope: str) -> set[str]:
    return {claim.name for claim in CLAIMS.values() if claim.scope in scope.split()}


@pytest.mark.parametrize(
    "scope",
    [
        *(
            pytest.param(f"openid {scope}", marks=module(f"oidcc-scope-{scope}"))
            for scope in ("profile", "email", "address", "phone")
        ),
        pytest.param("openid profile email address phone", marks=module("oidcc-scope-all")),
    ],
)
def test_oidcc_scope(site: Site, scope: str) -> None:
    browser = site.browser("reader")
    tokens = complete(browser, scope=scope)
    assert set(tokens["scope"].split()) == set(scope.split())
    assert userinfo(browser, tokens).keys() == {"sub", *claims_for(scope)}


@module("oidcc-alternate-happy-flow")
def test_oidcc_alternate_happy_flow(site: Site) -> None:
    browser = site.browser("reader")
    request = asked(scope="email openid", state="a" * 128)
    tokens = complete_with(browser, dict(reversed(request.items())))
    assert userinfo(browser, tokens)["email"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({name: value}, marks=module(f"oidcc-{test}"))
        for test, name, value in (
            ("display-page", "display", "page"),
            ("display-popup", "display", "popup"),
            ("ensure-request-with-unknown-parameter-succeeds", "extra", "foobar"),
            ("login-hint", "login_hint", "buffy@127.0.0.1"),
            ("ui-locales", "ui_locales", "se"),
            ("claims-locales", "claims_locales", "se"),
        )
    ],
)
def test_oidcc_parameter_that_changes_nothing(site: Site, changes: Mapping[str, str]) -> None:
    complete(site.browser("reader"), **changes)


@module("oidcc-ensure-request-with-acr-values-succeeds")
def test_oidcc_ensure_request_with_acr_values_succeeds(site: Site) -> None:
    browser = site.browser("reader")
    metadata = browser.http.get("/.well-known/openid-configuration").json()
    for values in (metadata["acr_values_supported"], ["1", "2"]):
        claims = id_token(browser, complete(browser, acr_values=" ".join(values)))
        assert claims["acr"] in metadata["acr_values_supported"]


@module("oidcc-prompt-login")
def test_oidcc_prompt_login(site: Site) -> None:
    browser = site.browser("reader")
    before = id_token(browser, complete(browser))["auth_time"]
    site.world.clock.now += 5
    browser.pages.clear()
    assert id_token(browser, complete(browser, prompt="login"))["auth_time"] > before
    assert "/sign-in" in browser.pages


@module("oidcc-prompt-none-not-logged-in")
def test_oidcc_prompt_none_not_logged_in(site: Site) -> None:
    assert site.browser("reader").authorize(asked(prompt="none"))["error"] == "login_required"


@module("oidcc-prompt-none-logged-in")
def test_oidcc_prompt_none_logged_in(site: Site) -> None:
    browser = site.browser("reader")
    first = id_token(browser, complete(browser))
    browser.pages.clear()
    again = id_token(browser, complete(browser, prompt="none"))
    assert (again["sub"], again["auth_time"]) == (first["sub"], first["auth_time"])
    assert not browser.pages


@module("oidcc-max-age-1")
def test_oidcc_max_age_1(site: Site) -> None:
    browser = site.browser("reader")
    before = id_token(browser, complete(browser))["auth_time"]
    site.world.clock.now += 2
    assert id_token(browser, complete(browser, max_age="1"))["auth_time"] > before


@module("oidcc-max-age-10000")
def test_oidcc_max_age_10000(site: Site) -> None:
    browser = site.browser("reader")
    before = id_token(browser, complete(browser))["auth_time"]
    site.world.clock.now += 2
    assert id_token(browser, complete(browser, max_age="10000"))["auth_time"] == before


@module("oidcc-id-token-hint")
def test_oidcc_id_token_hint(site: Site) -> None:
    browser = site.browser("reader")
    tokens = complete(browser)
    again = complete(browser, prompt="none", id_token_hint=tokens["id_token"])
    assert id_token(browser, again)["sub"] == id_token(browser, tokens)["sub"]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(0, marks=module("oidcc-codereuse")),
        pytest.param(30, marks=module("oidcc-codereuse-30seconds")),
    ],
)
def test_oidcc_codereuse(site: Site, later: int) -> None:
    browser = site.browser("reader")
    code = browser.authorize(asked())["code"]
    token = redeem(browser, code).json()["access_token"]
    site.world.clock.now += later
    assert redeem(browser, code).json()["error"] == "invalid_grant"
    headers = {"Authorization": f"Bearer {token}"}
    assert browser.http.get("/userinfo", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(REDIRECT + "/x", marks=module("oidcc-ensure-registered-redirect-uri")),
        pytest.param(None, marks=module("oidcc-ensure-redirect-uri-in-authorization-request")),
        pytest.param(REDIRECT + "?foo=baz", marks=module("oidcc-redirect-uri-query-mismatch")),
        pytest.param(REDIRECT + "?foo=bar&x=y", marks=module("oidcc-redirect-uri-query-added")),
    ],
)
def test_oidcc_bad_redirect_uri(site: Site, address: str | None) -> None:
    answer = site.browser("reader").http.get("/authorize", params=asked(redirect_uri=address))
    assert answer.status_code == 400
    assert "location" not in answer.headers


@module("oidcc-redirect-uri-query-OK")
def test_oidcc_redirect_uri_query_ok(site: Site) -> None:
    answer = site.browser("reader").authorize(asked(redirect_uri=WITH_QUERY))
    assert answer["foo"] == "bar"
    assert answer["code"]


@module("oidcc-ensure-post-request-succeeds")
def test_oidcc_ensure_post_request_succeeds(site: Site) -> None:
    browser = site.browser("reader")
    assert browser.walk(browser.http.post("/authorize", data=asked()))["code"]


@module("oidcc-server-client-secret-post")
def test_oidcc_server_client_secret_post(site: Site) -> None:
    metadata = site.browser("reader").http.get("/.well-known/openid-configuration").json()
    assert "client_secret_post" in metadata["token_endpoint_auth_methods_supported"]


@module("oidcc-claims-essential")
def test_oidcc_claims_essential(site: Site) -> None:
    browser = site.browser("reader")
    tokens = complete(browser, claims=json.dumps({"userinfo": {"name": {"essential": True}}}))
    assert userinfo(browser, tokens)["name"]
    assert "name" not in id_token(browser, tokens)


@pytest.mark.parametrize("claims", ["{", "[]", '{"id_token": 1}', "[" * 4000, '"' + "x" * 5000])
def test_a_claims_parameter_that_cannot_be_read_is_refused(site: Site, claims: str) -> None:
    assert site.browser("reader").authorize(asked(claims=claims))["error"] == "invalid_request"


def test_a_claims_parameter_may_name_who_must_answer_and_how_well(site: Site) -> None:
    browser = site.browser("reader")
    complete(browser)
    somebody = json.dumps({"id_token": {"sub": {"value": "somebody else"}}})
    told_app = browser.authorize(asked(claims=somebody, prompt="none"))
    assert told_app["error"] in {"account_selection_required", "login_required"}
    better = json.dumps({"id_token": {"acr": {"essential": True, "values": ["better"]}}})
    told_app = browser.authorize(asked(claims=better))
    assert told_app["error"] == "unmet_authentication_requirements"


@module("oidcc-refresh-token")
def test_oidcc_refresh_token(site: Site) -> None:
    browser = site.browser("reader")
    tokens = complete(browser)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    again = browser.token(proof(), **form).json()
    first, second = id_token(browser, tokens), id_token(browser, again)
    assert {first[name] == second[name] for name in ("iss", "sub", "aud", "auth_time")} == {True}
    assert again["access_token"] != tokens["access_token"]


@module("oidcc-ensure-request-with-valid-pkce-succeeds")
def test_oidcc_ensure_request_with_valid_pkce_succeeds(site: Site) -> None:
    browser = site.browser("reader")
    pkce = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
    code = browser.authorize(asked(**pkce))["code"]
    assert redeem(browser, code).status_code == 400
    assert redeem(browser, code, code_verifier=VERIFIER).status_code == 200


def test_pkce_stays_required_of_everybody_else(site: Site) -> None:
    assert site.browser("reader").authorize(asked(client_id="web"))["error"] == "invalid_request"


def test_the_answer_may_come_as_a_form_that_posts_itself_or_by_a_button(site: Site) -> None:
    browser = site.browser("reader")
    complete(browser)
    for changes, name in (({}, "code"), ({"max_age": "x"}, "error")):
        request = asked(response_mode=FORM_POST, state='"><script>', **changes)
        page = browser.http.get("/authorize", params=request)
        (form,) = [each for each in read_forms(page.text) if each.action == REDIRECT]
        assert {name, "state", "iss"} <= form.fields.keys()
        assert form.fields["state"] == request["state"]
        policy = page.headers["content-security-policy"]
        assert "form-action 'self' http://127.0.0.1:4999" in policy


@module("oidcc-discovery-endpoint-verification")
@module("oidcc-rp-initiated-logout-discovery-endpoint-verification")
def test_oidcc_discovery_endpoint_verification(site: Site) -> None:
    metadata = site.browser("reader").http.get("/.well-known/openid-configuration").json()
    for name in (
        "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
        "end_session_endpoint",
    ):  # fmt: skip
        assert metadata[name].startswith(site.url)
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "code" in metadata["response_types_supported"]
    assert {"public", "pairwise"} == set(metadata["subject_types_supported"])


@module("oidcc-discovery-endpoint-verification")
@pytest.mark.parametrize("name", ["openid-configuration", "oauth-authorization-server"])
def test_every_name_in_the_metadata_is_a_registered_one(site: Site, name: str) -> None:
    metadata = site.browser().http.get(f"/.well-known/{name}").json()
    assert metadata.keys() <= NAMES


def unsigned(token: str) -> str:
    """The suite's modification: the same claims with the algorithm none."""
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def log_out(browser: Browser, **parameters: str) -> httpx.Response:
    return browser.http.get("/logout", params=parameters)


def signed_in(browser: Browser) -> bool:
    return browser.authorize(asked(prompt="none")).get("error") != "login_required"


@pytest.mark.parametrize(
    ("state", "end"),
    [
        pytest.param({"state": "s"}, "s", marks=module("oidcc-rp-initiated-logout")),
        pytest.param({}, None, marks=module("oidcc-rp-initiated-logout-no-state")),
    ],
)
def test_oidcc_rp_initiated_logout(site: Site, state: dict[str, str], end: str | None) -> None:
    browser = site.browser("reader")
    ask = {"id_token_hint": complete(browser)["id_token"], "post_logout_redirect_uri": GOODBYE}
    target = log_out(browser, **ask, **state).headers["location"]
    assert target.startswith(GOODBYE)
    assert told(target).get("state") == end
    assert not signed_in(browser)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(ask, marks=module(f"oidcc-rp-initiated-logout-{name}"))
        for name, ask in (
            ("bad-post-logout-redirect-uri", {"post_logout_redirect_uri": GOODBYE + "/x"}),
            ("no-post-logout-redirect-uri", {}),
            (
                "query-added-to-post-logout-redirect-uri",
                {"post_logout_redirect_uri": GOODBYE + "?foo=bar"},
            ),
        )
    ],
)
def test_oidcc_rp_initiated_logout_goes_nowhere_else(site: Site, ask: dict[str, str]) -> None:
    browser = site.browser("reader")
    hint = complete(browser)["id_token"]
    answer = log_out(browser, id_token_hint=hint, state="s", **ask)
    assert answer.headers["location"] == "/sign-out"


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        pytest.param(ask, status, marks=module(f"oidcc-rp-initiated-logout-{name}"))
        for name, ask, status in (
            ("modified-id-token-hint", {"id_token_hint": "modified"}, 400),
            ("bad-id-token-hint", {"id_token_hint": "x.y.z"}, 400),
            ("no-id-token-hint", {"post_logout_redirect_uri": GOODBYE, "state": "s"}, 303),
            ("no-params", {}, 303),
            ("only-state", {"state": "s"}, 303),
        )
    ],
)
def test_oidcc_rp_initiated_logout_asks_or_refuses(
    site: Site, ask: dict[str, str], status: int
) -> None:
    browser = site.browser("reader")
    token = complete(browser)["id_token"]
    if ask.get("id_token_hint") == "modified":
        ask = {"id_token_hint": unsigned(token)}
    answer = log_out(browser, **ask)
    assert answer.status_code == status
    assert not answer.headers.get("location", "").startswith("http")
    assert signed_in(browser)
