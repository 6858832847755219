"""The token endpoint over HTTP: codes, refresh tokens, an app's own tokens."""

import base64
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from identity.apps.clients import hash_secret
from identity.issued.authorizations import CODE_SECONDS, GRACE_SECONDS, LIFETIME_SECONDS
from identity.operating.registry import add_mandate, rotate_secret
from identity.signing.tokens import ACCESS, ID, verify_signature
from tests.identity.browser import VERIFIER, Browser, basic, request_of
from tests.identity.conftest import Site
from tests.identity.world import (
    COMPANY_CODE,
    OTHER_SECRET,
    PUBLISHED,
    REDIRECT,
    SERVICE_SECRET,
    WEB_SECRET,
)

OWN = {"grant_type": "client_credentials"}


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def code_for(browser: Browser, **changes: str) -> str:
    return browser.authorize(request_of(**changes))["code"]


def test_a_code_gives_tokens_that_say_who_acts_for_whom(site: Site) -> None:
    answer = site.ready().redeem(code_for(site.ready()))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    tokens, realm = answer.json(), site.world.realm
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 600
    assert tokens["scope"] == "openid profile legal_person offline_access licence.read"
    access = verify_signature(realm.keys, ACCESS, tokens["access_token"])
    identity = verify_signature(realm.keys, ID, tokens["id_token"])
    company, agent = site.world.company_id(), site.world.person("agent").person_id
    for claims in (access, identity):
        assert realm.seals.open_subject(claims["sub"], "client:web") == company
        assert realm.seals.open_subject(claims["act"]["sub"], "client:web") == agent
        assert claims["iss"] == site.url
        assert claims["exp"] - claims["iat"] == 600
        assert claims["acr"] == "urn:haihe:acr:level2"
    assert access["aud"] == f"{site.url}/api"
    assert access["client_id"] == "web"
    assert identity["aud"] == "web"
    assert identity["nonce"] == "the nonce"


@pytest.mark.line(6)
@pytest.mark.parametrize(
    ("age", "works"), [(CODE_SECONDS - 1, True), (CODE_SECONDS, False), (CODE_SECONDS + 1, False)]
)
def test_a_code_lives_less_than_sixty_seconds(site: Site, age: int, works: bool) -> None:
    browser = site.ready()
    code = code_for(browser)
    site.world.clock.now += age
    answer = browser.redeem(code)
    assert (answer.status_code == 200) is works
    if not works:
        assert error_of(answer) == (400, "invalid_grant")


@pytest.mark.line(5)
def test_a_code_used_twice_is_refused_and_takes_back_what_it_gave(site: Site) -> None:
    browser = site.ready()
    code = code_for(browser)
    tokens = browser.redeem(code).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert browser.http.get("/userinfo", headers=bearer).status_code == 200
    assert error_of(browser.redeem(code)) == (400, "invalid_grant")
    assert browser.http.get("/userinfo", headers=bearer).status_code == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert error_of(browser.token(**refresh)) == (400, "invalid_grant")


@pytest.mark.line(5)
def test_of_fifty_tries_at_once_exactly_one_gets_tokens(site: Site) -> None:
    code = code_for(site.ready())
    with httpx.Client(base_url=site.url, timeout=30) as http, ThreadPoolExecutor(50) as pool:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        answers = list(
            pool.map(lambda _: http.post("/token", data=form, headers=basic()), range(50))
        )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [400] * 49


@pytest.mark.line(4)
@pytest.mark.line(7)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": "v" * 42}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"code_verifier": "é" * 43}, "invalid_request"),
        ({"redirect_uri": REDIRECT + "2"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
        ({"code": "made up"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": '演示"'}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
)
def test_a_code_is_bound_to_its_request(site: Site, changes: dict[str, str], error: str) -> None:
    browser = site.ready()
    code = code_for(browser)
    assert error_of(browser.redeem(code, **changes)) == (400, error)
    assert browser.redeem(code).status_code == 200


@pytest.mark.line(7)
def test_a_code_of_one_app_is_nothing_to_another_and_stays_good(site: Site) -> None:
    browser = site.ready()
    code = code_for(browser)
    form = {"client_id": "other", "client_secret": OTHER_SECRET, "code_verifier": VERIFIER}
    form |= {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    assert error_of(browser.http.post("/token", data=form)) == (400, "invalid_grant")
    assert browser.redeem(code).status_code == 200


def test_the_published_verifier_belongs_to_the_published_challenge(site: Site) -> None:
    browser, pkce = site.ready(), PUBLISHED["pkce"]
    code = code_for(browser, code_challenge=pkce["challenge"])
    assert error_of(browser.redeem(code)) == (400, "invalid_grant")
    assert browser.redeem(code, code_verifier=pkce["verifier"]).status_code == 200


def test_a_public_app_proves_itself_by_its_verifier_alone(site: Site) -> None:
    browser = site.ready()
    code = code_for(browser, client_id="public")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    without = browser.http.post("/token", data=form | {"client_id": "public"})
    assert error_of(without) == (400, "invalid_grant")
    form |= {"client_id": "public", "code_verifier": VERIFIER}
    assert browser.http.post("/token", data=form).status_code == 200


@pytest.mark.line(46)
@pytest.mark.line(29)
def test_a_revoked_mandate_ends_the_code_the_refresh_token_and_the_access_token(
    site: Site,
) -> None:
    browser, world = site.ready(), site.world
    tokens, code = browser.tokens(), code_for(browser)
    agent, company = world.person("agent").person_id, world.company_id()
    with world.working() as work:
        held = work.store.mandates.of_person(agent, company)
        for mandate in held:
            if mandate.is_live(work.now):
                work.store.mandates.revoke(mandate.mandate_id, work.now)
    try:
        assert error_of(browser.redeem(code)) == (400, "invalid_grant")
        refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert error_of(browser.token(**refresh)) == (400, "invalid_grant")
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert browser.http.get("/userinfo", headers=bearer).status_code == 401
        said = browser.http.post(
            "/introspect", data={"token": tokens["access_token"]}, headers=basic()
        )
        assert said.json() == {"active": False}
        page = browser.http.get("/authorize", params=request_of())
        assert page.headers["location"].startswith("/act-for?")
    finally:
        _give_mandate_again(site)


def _give_mandate_again(site: Site) -> None:
    with site.world.working() as work:
        add_mandate(work, account="agent", code=COMPANY_CODE, role="agent", powers=["licences"])


def refreshed(browser: Browser, token: str, **form: str) -> httpx.Response:
    return browser.token(grant_type="refresh_token", refresh_token=token, **form)


@pytest.mark.line(28)
def test_a_refresh_token_gives_a_successor_and_the_same_subject(site: Site) -> None:
    browser = site.ready()
    first = browser.tokens()
    second = refreshed(browser, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    keys = site.world.realm.keys
    before, after = (verify_signature(keys, ID, t["id_token"]) for t in (first, second))
    assert (before["sub"], before["auth_time"]) == (after["sub"], after["auth_time"])
    assert refreshed(browser, second["refresh_token"]).status_code == 200


@pytest.mark.line(28)
@pytest.mark.parametrize(
    ("age", "works"),
    [(GRACE_SECONDS - 1, True), (GRACE_SECONDS, False), (GRACE_SECONDS + 1, False)],
)
def test_a_repeated_refresh_gets_the_same_successor_for_a_moment_then_ends_the_family(
    site: Site, age: int, works: bool
) -> None:
    browser = site.ready()
    old = browser.tokens()["refresh_token"]
    new = refreshed(browser, old).json()["refresh_token"]
    site.world.clock.now += age
    again = refreshed(browser, old)
    if works:
        assert again.json()["refresh_token"] == new
        assert refreshed(browser, new).status_code == 200
        return
    assert error_of(again) == (400, "invalid_grant")
    assert error_of(refreshed(browser, new)) == (400, "invalid_grant")


@pytest.mark.line(28)
def test_the_one_before_the_last_is_a_reuse_even_within_the_grace(site: Site) -> None:
    browser = site.ready()
    oldest = browser.tokens()["refresh_token"]
    older = refreshed(browser, oldest).json()["refresh_token"]
    newest = refreshed(browser, older).json()["refresh_token"]
    assert error_of(refreshed(browser, oldest)) == (400, "invalid_grant")
    assert error_of(refreshed(browser, newest)) == (400, "invalid_grant")


@pytest.mark.line(28)
def test_fifty_refreshes_at_once_have_one_successor(site: Site) -> None:
    old = site.ready().tokens()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": old}
    with httpx.Client(base_url=site.url, timeout=30) as http, ThreadPoolExecutor(50) as pool:
        answers = list(
            pool.map(lambda _: http.post("/token", data=form, headers=basic()), range(50))
        )
    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert refreshed(site.ready(), successors.pop()).status_code == 200


@pytest.mark.line(29)
@pytest.mark.parametrize(
    ("age", "works"), [(LIFETIME_SECONDS - 1, True), (LIFETIME_SECONDS, False)]
)
def test_refreshing_ends_absolutely(site: Site, age: int, works: bool) -> None:
    browser = site.ready()
    began = site.world.clock.now
    token = browser.tokens()["refresh_token"]
    for passed in (age - 5, age):
        site.world.clock.now = began + passed
        answer = refreshed(browser, token)
        token = answer.json().get("refresh_token", "")
    assert (answer.status_code == 200) is works


@pytest.mark.line(24)
def test_a_refresh_may_ask_for_less_and_not_for_more(site: Site) -> None:
    browser = site.ready()
    token = browser.tokens(scope="openid offline_access licence.read")["refresh_token"]
    assert error_of(refreshed(browser, token, scope="openid licence.issue")) == (
        400,
        "invalid_scope",
    )
    less = refreshed(browser, token, scope="openid").json()
    assert less["scope"] == "openid"
    assert "licence.read" in refreshed(browser, less["refresh_token"]).json()["scope"]


def test_a_refresh_token_of_one_app_is_nothing_to_another(site: Site) -> None:
    browser = site.ready()
    token = browser.tokens()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "public"}
    assert error_of(browser.http.post("/token", data=form)) == (400, "invalid_grant")
    assert refreshed(browser, token).status_code == 200


def test_without_offline_access_there_is_no_refresh_token(site: Site) -> None:
    tokens = site.ready().tokens(scope="openid licence.read")
    assert "refresh_token" not in tokens
    assert "id_token" not in site.ready().tokens(scope="licence.read")


def test_an_app_acts_for_the_one_that_registered_it(site: Site) -> None:
    browser = site.ready()
    headers = basic("service", SERVICE_SECRET)
    answer = browser.token(headers, **OWN)
    assert answer.json()["scope"] == "licence.verify ledger.read"
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}
    realm = site.world.realm
    claims = verify_signature(realm.keys, ACCESS, answer.json()["access_token"])
    assert realm.seals.open_subject(claims["sub"], "client:service") == site.world.company_id()
    assert "act" not in claims
    less = browser.token(headers, **OWN, scope="ledger.read licence.issue")
    assert less.json()["scope"] == "ledger.read"
    none = browser.token(headers, **OWN, scope="licence.issue")
    assert error_of(none) == (400, "invalid_scope")


@pytest.mark.line(22)
@pytest.mark.parametrize(
    ("headers", "form"),
    [
        (basic("service", "wrong"), {}),
        (basic("nobody", SERVICE_SECRET), {}),
        (basic("service", ""), {}),
        ({}, {"client_id": "service", "client_secret": SERVICE_SECRET}),
        ({}, {"client_id": "service"}),
        ({}, {}),
        ({"Authorization": "Basic %%%"}, {}),
        ({"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()}, {}),
        ({"Authorization": "Bearer x"}, {"client_id": "public"}),
        (basic("other", OTHER_SECRET), {}),
        (basic("public", ""), {}),
    ],
)
def test_only_the_registered_way_to_prove_oneself_is_accepted(
    site: Site, headers: dict[str, str], form: dict[str, str]
) -> None:
    answer = site.ready().http.post("/token", data=OWN | form, headers=headers)
    assert error_of(answer) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.line(22)
def test_two_ways_at_once_are_refused(site: Site) -> None:
    form = OWN | {"client_id": "service", "client_secret": SERVICE_SECRET}
    answer = site.ready().http.post("/token", data=form, headers=basic("service", SERVICE_SECRET))
    assert error_of(answer) == (400, "invalid_request")
    form = OWN | {"client_id": "web"}
    answer = site.ready().http.post("/token", data=form, headers=basic("service", SERVICE_SECRET))
    assert error_of(answer) == (400, "invalid_request")


@pytest.mark.line(22)
def test_the_secret_in_a_basic_header_is_url_decoded(site: Site) -> None:
    assert "+" in WEB_SECRET
    assert "%" in WEB_SECRET
    assert site.ready().tokens()


@pytest.mark.line(21)
def test_an_old_secret_works_for_a_day_beside_the_new_one(site: Site) -> None:
    browser, clock = site.ready(), site.world.clock
    with site.world.working() as work:
        new = rotate_secret(work, "service")
    for age, works in ((86399, True), (1, False)):
        clock.now += age
        old = browser.token(basic("service", SERVICE_SECRET), **OWN)
        assert (old.status_code == 200) is works
        assert browser.token(basic("service", new), **OWN).status_code == 200
    with site.world.working() as work:
        work.store.clients.rotate_secret("service", hash_secret(SERVICE_SECRET), 0)


@pytest.mark.line(12)
@pytest.mark.parametrize("name", ["grant_type", "code", "made_up"])
def test_a_repeated_parameter_is_refused(site: Site, name: str) -> None:
    content = f"grant_type=client_credentials&{name}=1&{name}=2"
    headers = basic() | {"Content-Type": "application/x-www-form-urlencoded"}
    answer = site.ready().http.post("/token", content=content, headers=headers)
    assert error_of(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"a" * 20000, "application/x-www-form-urlencoded"),
        (b"code=%00", "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
)
def test_garbage_is_an_error_of_the_protocol(site: Site, content: bytes, kind: str) -> None:
    headers = basic() | {"Content-Type": kind}
    answer = site.ready().http.post("/token", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_request", "unsupported_grant_type"}
