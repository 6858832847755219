"""Apps that register themselves: what the suite's dynamic plan asks, and what is refused."""

import socket
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from identity.errors import BadRegistrationRequest
from identity.fetching import fetch
from identity.metadata.allowances import BY_ITSELF
from identity.metadata.reading import read_client
from tests.identity.browser import Browser, basic
from tests.identity.conftest import Site
from tests.identity.world import REDIRECT

module = pytest.mark.module
Registered = dict[str, Any]


def register(browser: Browser, **document: Any) -> httpx.Response:
    return browser.http.post("/register", json={"redirect_uris": [REDIRECT], **document})


def registered(browser: Browser, **document: Any) -> Registered:
    answer = register(browser, **document)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


def authorize(browser: Browser, app: Registered) -> dict[str, str]:
    request = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": REDIRECT}
    return browser.authorize({**request, "scope": "openid profile", "state": "s", "nonce": "n"})


def tokens_of(browser: Browser, app: Registered) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": authorize(browser, app)["code"],
        "redirect_uri": REDIRECT,
    }
    if app["token_endpoint_auth_method"] == "client_secret_post":
        form |= {"client_id": app["client_id"], "client_secret": app["client_secret"]}
        answer = browser.http.post("/token", data=form)
    else:
        answer = browser.token(basic(app["client_id"], app["client_secret"]), **form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@module("oidcc-server")
@pytest.mark.parametrize(
    "method",
    [
        "client_secret_basic",
        pytest.param("client_secret_post", marks=module("oidcc-server-client-secret-post")),
    ],
)
def test_a_registered_app_signs_people_in(site: Site, method: str) -> None:
    browser = site.browser("reader")
    app = registered(browser, token_endpoint_auth_method=method, client_name="演示·自己来的应用")
    assert app["client_secret_expires_at"] == 0
    assert tokens_of(browser, app)["id_token"]


@module("oidcc-idtoken-rs256")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_oidcc_idtoken_alg(site: Site, algorithm: str) -> None:
    browser = site.browser("reader")
    app = registered(browser, id_token_signed_response_alg=algorithm)
    keys = KeySet.import_key_set(browser.http.get("/jwks").json())
    token = jwt.decode(tokens_of(browser, app)["id_token"], keys, [algorithm])
    assert token.header["alg"] == algorithm
    assert token.claims["aud"] == app["client_id"]


@module("oidcc-userinfo-rs256")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_oidcc_userinfo_alg(site: Site, algorithm: str) -> None:
    browser = site.browser("reader")
    app = registered(browser, userinfo_signed_response_alg=algorithm)
    headers = {"Authorization": f"Bearer {tokens_of(browser, app)['access_token']}"}
    answer = browser.http.get("/userinfo", headers=headers)
    assert answer.headers["content-type"] == "application/jwt"
    keys = KeySet.import_key_set(browser.http.get("/jwks").json())
    claims = jwt.decode(answer.text, keys, [algorithm]).claims
    assert (claims["iss"], claims["aud"]) == (site.url, app["client_id"])
    assert claims["sub"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("logo_uri", "应用的标志", marks=module("oidcc-registration-logo-uri")),
        pytest.param(
            "policy_uri", "应用怎样处理个人信息", marks=module("oidcc-registration-allowance-uri")
        ),
        pytest.param("tos_uri", "应用的使用条款", marks=module("oidcc-registration-tos-uri")),
    ],
)
def test_oidcc_registration_link_is_shown_before_people_agree(
    site: Site, name: str, words: str
) -> None:
    browser = site.browser("reader")
    app = registered(browser, **{name: "https://app.example/page"})
    page = browser.http.get("/authorize", params={
        "response_type": "code", "client_id": app["client_id"], "redirect_uri": REDIRECT,
        "scope": "openid",
    }, follow_redirects=True)  # fmt: skip
    consent = browser.http.get(browser.submit(page).headers["location"], follow_redirects=True)
    assert words in consent.text
    assert "https://app.example/page" in consent.text


@module("oidcc-registration-jwks-uri")
def test_oidcc_registration_jwks_uri(site: Site) -> None:
    address = "https://app.example/jwks"
    assert registered(site.browser(), jwks_uri=address)["jwks_uri"] == address


@module("oidcc-redirect-uri-regfrag")
def test_oidcc_redirect_uri_regfrag(site: Site) -> None:
    answer = register(site.browser(), redirect_uris=[REDIRECT + "#x"])
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_redirect_uri"


@module("oidcc-registration-sector-uri")
def test_oidcc_registration_sector_uri() -> None:
    document = {
        "redirect_uris": ["https://a.example/cb", "https://b.example/cb"],
        "sector_identifier_uri": "https://sector.example/list",
        "subject_type": "pairwise",
    }
    listed = b'["https://a.example/cb", "https://b.example/cb"]'
    assert read_client(document, "x", BY_ITSELF, lambda _: listed).sector == "sector.example"


@module("oidcc-registration-sector-bad")
@pytest.mark.parametrize("listed", [b"[]", b"{", b"{}", b'["https://a.example/other"]'])
def test_oidcc_registration_sector_bad(listed: bytes) -> None:
    document = {
        "redirect_uris": ["https://a.example/cb"],
        "sector_identifier_uri": "https://sector.example/list",
    }
    with pytest.raises(BadRegistrationRequest):
        read_client(document, "x", BY_ITSELF, lambda _: listed)


@module("oidcc-3rd_party-init-login")
def test_oidcc_3rd_party_init_login(site: Site) -> None:
    address = "https://app.example/begin"
    assert registered(site.browser(), initiate_login_uri=address)["initiate_login_uri"] == address


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            {"initiate_login_uri": "http://app.example/begin"},
            marks=module("oidcc-3rd_party-init-login-nohttps"),
        ),
        {"redirect_uris": []},
        {"redirect_uris": "https://a.example"},
        {"redirect_uris": ["http://a.example/cb"]},
        {"redirect_uris": [1]},
        {"client_name": "two\nlines"},
        {"client_name": 1},
        {"logo_uri": "javascript:alert(1)"},
        {"tos_uri": "https://x\"onclick=1"} | {"policy_uri": "http://x.example"},
        {"token_endpoint_auth_method": "client_secret_plain"},
        pytest.param(
            {"id_token_signed_response_alg": "none"}, marks=module("oidcc-idtoken-unsigned")
        ),
        {"id_token_encrypted_response_alg": "RSA-OAEP"},
        {"response_types": ["id_token token"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["authorization_code", "implicit"]},
        {"default_max_age": True},
        {"default_max_age": -1},
        {"jwks": {"keys": [{"kty": "EC", "d": "x"}]}},
        {"jwks": {"keys": 1}},
        {"jwks": {"keys": []}, "jwks_uri": "https://a.example/jwks"},
        {"contacts": "me"},
        {"profile": "compatible", "token_endpoint_auth_method": "none"},
        {"sector_identifier_uri": "https://127.0.0.1:1/list"},
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_the_reason(site: Site, document: Any) -> None:
    answer = register(site.browser(), **document)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}
    assert answer.json()["error_description"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 20000, b"x" * 40000, b"\xff"])
def test_a_body_that_is_no_object_is_refused(site: Site, body: bytes) -> None:
    assert site.browser().http.post("/register", content=body).status_code == 400


def test_who_registers_alone_gets_no_scope_of_our_interfaces(site: Site) -> None:
    app = registered(site.browser(), scope="openid profile licence.read ledger.read legal_person")
    assert app["scope"] == "openid profile"


def test_the_registration_token_reads_and_removes_the_app_and_no_other(site: Site) -> None:
    browser = site.browser("reader")
    app, other = registered(browser), registered(browser)
    tokens_of(browser, app)
    own = {"Authorization": f"Bearer {app['registration_access_token']}"}
    read = browser.http.get(app["registration_client_uri"], headers=own)
    assert read.json()["client_id"] == app["client_id"]
    assert "client_secret" not in read.json()
    for address in (other["registration_client_uri"], "/register/web", "/register/none"):
        for headers in (own, {}):
            assert browser.http.get(address, headers=headers).status_code == 401
            assert browser.http.delete(address, headers=headers).status_code == 401
    address = app["registration_client_uri"]
    assert browser.http.delete(address, headers=own).status_code == 204
    assert browser.http.get(address, headers=own).status_code == 401


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "::1", "fd00::1", "0.0.0.0"],
)
def test_no_private_address_is_ever_asked(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(BadRegistrationRequest, match="not public"):
        fetch("https://innocent.example/list", loopback=False)


@pytest.mark.parametrize(
    "address", ["http://a.example", "https://", "https://u:p@a.example/", "file:///x"]
)
def test_only_https_is_read(address: str) -> None:
    with pytest.raises(BadRegistrationRequest, match="https"):
        fetch(address, loopback=True)


def test_an_app_may_register_anew_and_keeps_its_secret(site: Site) -> None:
    browser = site.browser("reader")
    app = registered(browser, client_name="演示·旧名")
    own = {"Authorization": f"Bearer {app['registration_access_token']}"}
    anew = {"redirect_uris": [REDIRECT], "client_name": "演示·新名"}
    address = app["registration_client_uri"]
    assert browser.http.put(address, json=anew, headers=own).json()["client_name"] == "演示·新名"
    assert tokens_of(browser, app)["id_token"]
    for document in ({}, {**anew, "token_endpoint_auth_method": "none"}):
        assert browser.http.put(address, json=document, headers=own).status_code == 400
    for headers in ({}, {"Authorization": "Bearer x"}):
        assert browser.http.put(address, json=anew, headers=headers).status_code == 401
    assert browser.http.put("/register/web", json=anew, headers=own).status_code == 401
