"""Apps that register themselves: what the suite's dynamic plan asks, and what is refused."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from identity.apps.clients import hash_secret
from identity.errors import BadRegistration, BadRegistrationRequest, TooManyRegistrations
from identity.metadata.allowances import BY_ITSELF
from identity.metadata.reading import read_client
from identity.operating.registering import (
    BY_TOKEN,
    DAY_SECONDS,
    OPEN,
    TRIES,
    WINDOW_SECONDS,
    add_registration_token,
    count_registration,
)
from identity.operating.registration import register as register_app
from identity.store.housekeeping import UNUSED_SECONDS
from identity.strangers.fetching import PUBLIC, Reach, fetch
from tests.identity.browser import Browser, basic
from tests.identity.conftest import Site
from tests.identity.signing import JWKS
from tests.identity.world import REDIRECT, World

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
            "policy_uri", "应用怎样处理个人信息", marks=module("oidcc-registration-policy-uri")
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
    assert page.url.path == "/sign-in"
    for shown in (page, consent):
        assert words in shown.text
        assert "https://app.example/page" in shown.text
        assert 'src="https' not in shown.text


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
        {"tos_uri": "https://x\"onclick=1"},
        {"policy_uri": "http://x.example"},
        {"client_uri": "https://a b.example"},
        {"client_uri": "https://x.example:99999"},
        {"redirect_uris": ["https://user@a.example/cb"]},
        {"post_logout_redirect_uris": ["https://*/bye"]},
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
        fetch("https://innocent.example/list", PUBLIC)


@pytest.mark.line(19)
@pytest.mark.parametrize(
    ("address", "is_covered"),
    [
        ("10.20.0.0", True),
        ("10.20.255.255", True),
        ("10.19.255.255", False),
        ("10.21.0.0", False),
        ("fd00:20::1", True),
        ("fd00:21::1", False),
        ("93.184.216.34", True),
        ("127.0.0.1", False),
        ("::1", False),
    ],
)
def test_a_private_network_is_reached_once_it_is_named(address: str, *, is_covered: bool) -> None:
    reach = Reach(networks=(ip_network("10.20.0.0/16"), ip_network("fd00:20::/32")))
    assert reach.covers(ip_address(address)) == is_covered


@pytest.mark.line(19)
@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "0.0.0.0", "::", "169.254.169.254", "fe80::1", "::ffff:127.0.0.1"],
)
def test_no_named_network_leads_to_this_machine_or_to_its_cloud(address: str) -> None:
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert not Reach(networks=everything).covers(ip_address(address))


@pytest.mark.parametrize(
    "address", ["http://a.example", "https://", "https://u:p@a.example/", "file:///x"]
)
def test_only_https_is_read(address: str) -> None:
    with pytest.raises(BadRegistrationRequest, match="https"):
        fetch(address, Reach(loopback=True))


def own_headers(app: Registered) -> dict[str, str]:
    return {"Authorization": f"Bearer {app['registration_access_token']}"}


def anew(app: Registered, **changes: Any) -> Registered:
    """What an app sends to change its registration."""
    return {"client_id": app["client_id"], "redirect_uris": [REDIRECT], **changes}


def test_an_app_may_register_anew_and_keeps_its_secret(site: Site) -> None:
    browser = site.browser("reader")
    app = registered(browser, client_name="演示·旧名", contacts=["me@app.example"])
    address = app["registration_client_uri"]
    document = anew(app, client_name="演示·新名", client_secret=app["client_secret"])
    told = browser.http.put(address, json=document, headers=own_headers(app)).json()
    assert told["client_name"] == "演示·新名"
    assert "contacts" not in told  # what is left out is gone, RFC 7592 §2.2
    assert "client_secret" not in told
    assert told["registration_access_token"] == app["registration_access_token"]
    assert tokens_of(browser, app)["id_token"]
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        assert browser.http.put(address, json=document, headers=headers).status_code == 401
    for other in ("/register/web", "/register/x"):
        answer = browser.http.put(other, json=document, headers=own_headers(app))
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"redirect_uris": []}, "redirect_uris"),
        ({"token_endpoint_auth_method": "none"}, "two apps"),
        ({"client_id": "another"}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"client_secret": "one of my own"}, "client_secret"),
        ({"client_secret": 1}, "client_secret"),
        ({"registration_access_token": "x"}, "registration_access_token"),
        ({"registration_client_uri": "https://a.example"}, "registration_client_uri"),
        ({"client_id_issued_at": 1}, "client_id_issued_at"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    site: Site, changes: Registered, words: str
) -> None:
    browser = site.browser()
    app = registered(browser, client_name="演示·旧名")
    address, own = app["registration_client_uri"], own_headers(app)
    document = anew(app, client_name="演示·新名") | changes
    answer = browser.http.put(address, json=document, headers=own)
    assert answer.status_code == 400
    assert words in answer.json()["error_description"]
    assert browser.http.get(address, headers=own).json()["client_name"] == "演示·旧名"


def test_an_app_may_change_how_it_proves_itself(site: Site) -> None:
    browser = site.browser("reader")
    app = registered(browser)
    address, own = app["registration_client_uri"], own_headers(app)
    keys = {"token_endpoint_auth_method": "private_key_jwt", "jwks": json.loads(JWKS)}
    told = browser.http.put(address, json=anew(app, **keys), headers=own).json()
    assert told["token_endpoint_auth_method"] == "private_key_jwt"
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    old = browser.token(basic(app["client_id"], app["client_secret"]), **form)
    assert old.status_code == 401
    told = browser.http.put(address, json=anew(app), headers=own).json()
    assert told["client_secret"] != app["client_secret"]
    assert tokens_of(browser, app | told)["id_token"]


def test_what_is_told_at_registration_is_told_again(site: Site) -> None:
    app = registered(site.browser(), software_id="a", software_version="1", contacts=["a@b.c"])
    told = site.browser().http.get(app["registration_client_uri"], headers=own_headers(app)).json()
    issued = {"client_secret", "client_secret_expires_at", "client_id_issued_at"}
    assert told == {name: value for name, value in app.items() if name not in issued}


def test_what_is_not_offered_here_cannot_be_registered(site: Site) -> None:
    realm = site.world.realm
    certified = {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=app.example",
    }
    assert register(site.browser(), **certified).status_code == 201
    details = {"authorization_details_types": ["of-another-city"]}
    assert "not known" in register(site.browser(), **details).json()["error_description"]
    object.__setattr__(realm, "takes_certificates", False)
    try:
        refused = register(site.browser(), **certified).json()
        assert refused["error"] == "invalid_client_metadata"
    finally:
        object.__setattr__(realm, "takes_certificates", True)


def test_a_software_statement_is_refused_by_its_own_error(site: Site) -> None:
    answer = register(site.browser(), software_statement="e30.e30.")
    assert answer.json()["error"] == "unapproved_software_statement"


@contextmanager
def only_with_token(site: Site) -> Iterator[None]:
    object.__setattr__(site.world.realm, "registration", BY_TOKEN)
    yield
    object.__setattr__(site.world.realm, "registration", OPEN)


def token_for(site: Site, uses: int = 1, days: int = 1) -> dict[str, str]:
    with site.world.working() as work:
        token = add_registration_token(work, note="a test bench", uses=uses, days=days)
    return {"Authorization": f"Bearer {token}"}


def test_registration_may_need_a_token_that_counts_its_uses(site: Site) -> None:
    http, document = site.browser().http, {"redirect_uris": [REDIRECT]}
    with only_with_token(site):
        for headers in ({}, {"Authorization": "Bearer x"}):
            refused = http.post("/register", json=document, headers=headers)
            assert refused.status_code == 401
            assert "invalid_token" in refused.headers["www-authenticate"]
        headers = token_for(site, uses=2)
        assert http.post("/register", json={}, headers=headers).status_code == 400
        answers = [http.post("/register", json=document, headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 401]
        headers = token_for(site)
        site.world.clock.now += DAY_SECONDS
        assert http.post("/register", json=document, headers=headers).status_code == 401
        headers = token_for(site)
        site.world.clock.now += DAY_SECONDS - 1
        assert http.post("/register", json=document, headers=headers).status_code == 201


def test_of_many_that_use_one_token_at_once_exactly_one_registers(site: Site) -> None:
    with only_with_token(site):
        headers = token_for(site)

        def one(_: int) -> int:
            document = {"redirect_uris": [REDIRECT]}
            return httpx.post(f"{site.url}/register", json=document, headers=headers).status_code

        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(one, range(50)))
    assert sorted(statuses) == [201] + [401] * 49


def test_the_last_use_of_a_token_is_had_once(site: Site) -> None:
    """Past the first look all are equal: the one statement decides."""
    realm = site.world.realm

    def one(token: str) -> bool:
        with realm.writing() as store:
            return store.registration_tokens.spend(hash_secret(token), realm.clock())

    token = token_for(site, uses=3)["Authorization"].removeprefix("Bearer ")
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, [token] * 50)).count(True) == 3
    late = token_for(site)["Authorization"].removeprefix("Bearer ")
    site.world.clock.now += DAY_SECONDS
    assert not one(late)


@pytest.mark.parametrize(
    ("note", "uses", "days"),
    [("", 1, 1), ("x" * 81, 1, 1), ("two\nlines", 1, 1), ("x", 0, 1), ("x", 10_001, 1),
     ("x", 1, 0), ("x", 1, 367)],
)  # fmt: skip
def test_a_token_has_bounds(world: World, note: str, uses: int, days: int) -> None:
    with world.working() as work, pytest.raises(BadRegistration):
        add_registration_token(work, note=note, uses=uses, days=days)


def test_nobody_floods_us_with_apps(world: World) -> None:
    for _ in range(TRIES):
        count_registration(world.realm, "192.0.2.1")
    with pytest.raises(TooManyRegistrations):
        count_registration(world.realm, "192.0.2.1")
    count_registration(world.realm, "192.0.2.2")
    world.clock.now += WINDOW_SECONDS
    count_registration(world.realm, "192.0.2.1")


def test_who_registers_too_much_is_told_how_long_to_wait(site: Site) -> None:
    for _ in range(TRIES):
        count_registration(site.world.realm, "127.0.0.1")
    answer = register(site.browser())
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW_SECONDS
    assert answer.json()["error"]


def test_an_app_that_registered_itself_and_signs_nobody_in_is_forgotten(world: World) -> None:
    def registered_now() -> str:
        client = read_client({"redirect_uris": [REDIRECT]}, world.realm.fresh_id(), BY_ITSELF, None)
        with world.working() as work:
            register_app(work, client)
        return client.client_id

    unused, used = registered_now(), registered_now()
    person = world.person("reader").person_id
    with world.working() as work:
        work.store.clients.save_consent(person, person, used, frozenset({"openid"}), work.now)

    def left(after: int) -> set[str]:
        with world.working() as work:
            work.store.housekeeping.forget_ended(work.now + after)
            return {client.client_id for client in work.store.clients.all()} & {unused, used}

    assert left(UNUSED_SECONDS - 1) == {unused, used}
    assert left(UNUSED_SECONDS) == {used}
    with world.working() as work:
        assert work.store.clients.find("web")
