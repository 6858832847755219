"""Other providers: what holds in every part signs in, and only those for whom it stands."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from identity.apps.clients import WEB
from identity.errors import BadUpstream, UpstreamFailed
from identity.operating.registry import NewClient, add_client
from identity.people.assurance import acr_of
from identity.sign_in.upstream import LINK_SECONDS
from identity.sign_in.upstream_trips import TRIP_SECONDS
from identity.signing.tokens import ID, verify_signature
from identity.upstreams.configured import Upstream, read_upstreams
from identity.upstreams.id_tokens import check_id_token
from identity.upstreams.reaching import DOCUMENTS, MOST_BYTES
from identity.upstreams.records import Link, link_id_of
from service.tour.forms import read_forms
from tests.identity.browser import Browser, request_of
from tests.identity.conftest import Site
from tests.identity.elsewhere import SECRET, Elsewhere, elsewhere
from tests.identity.signing import EC
from tests.identity.test_two_steps import enrolled, present, send_code
from tests.identity.world import COMPANY_CODE, PERSON_NUMBER, World, world_bytes

START = "/sign-in/upstream"


def configured(url: str, **changes: Any) -> Upstream:
    usual = {
        "name": "gov",
        "title": "国家平台",
        "title_en": "National platform",
        "issuer": url,
        "client_id": "city",
        "client_secret": SECRET,
        "level": 4,
    }
    return Upstream(**(usual | changes))


@pytest.fixture
def there(named: Site) -> Iterator[Elsewhere]:
    """A provider that our site trusts."""
    DOCUMENTS.__init__()  # type: ignore[misc]  # what was kept of others is of other addresses
    with elsewhere(named.world.clock) as provider:
        named.world.realm.upstreams["gov"] = configured(provider.url)  # type: ignore[index]
        yield provider
    named.world.realm.upstreams.clear()  # type: ignore[attr-defined]
    for account in ("person", "agent"):
        person_id = named.world.person(account).person_id
        with named.world.working() as work:
            work.store.upstreams.unlink(person_id, "gov")
            work.store.factors.remove(person_id)


def go(browser: Browser, **query: str) -> httpx.Response:
    """Go to the provider and come back; the answer to the callback."""
    left = browser.http.get(START, params={"name": "gov", **query})
    assert left.status_code == 303, left.text
    back = httpx.get(left.headers["location"])
    return browser.http.get(back.headers["location"])


def link(site: Site, there: Elsewhere, account: str = "person") -> None:
    person_id = site.world.person(account).person_id
    with site.world.working() as work:
        name = link_id_of("gov", there.subject)
        assert work.store.upstreams.link(Link(name, "gov", person_id, work.now))


def session_claims(site: Site, browser: Browser, answer: httpx.Response) -> dict[str, Any]:
    token = browser.redeem(browser.walk(answer)["code"]).json()["id_token"]
    return verify_signature(site.world.realm.keys, ID, token)


def flow_of(browser: Browser, **request: str) -> str:
    asked = browser.http.get("/authorize", params=request_of(**request))
    return parse_qs(urlsplit(asked.headers["location"]).query)["flow"][0]


def test_who_is_linked_signs_in_and_the_token_says_what_the_provider_said(
    named: Site, there: Elsewhere
) -> None:
    link(named, there)
    there.claims = {"amr": ["face", "pop", "made-up"], "auth_time": named.world.clock.now - 60}
    browser = named.browser("person")
    claims = session_claims(named, browser, go(browser, flow=flow_of(browser)))
    assert claims["acr"] == acr_of(4)
    assert claims["amr"] == ["face"]
    assert claims["auth_time"] == named.world.clock.now - 60


def test_the_request_is_bound_in_every_way(named: Site, there: Elsewhere) -> None:
    link(named, there)
    browser = named.browser()
    assert go(browser, return_to="/account").headers["location"] == "/account"
    assert there.asked["response_type"] == "code"
    assert there.asked["code_challenge_method"] == "S256"
    assert there.asked["redirect_uri"] == f"{named.url}/sign-in/upstream/gov/callback"
    assert there.asked["scope"] == "openid"
    assert len(there.asked["state"]) == 64
    assert there.authorization.startswith("Basic ")
    assert SECRET not in json.dumps(there.redeemed)
    assert there.subject.encode() not in world_bytes(named.world)


def test_we_prove_ourselves_by_a_signature_where_we_have_a_key(
    named: Site, there: Elsewhere
) -> None:
    key = ECKey.generate_key("P-256")
    pem = key.as_pem(private=True).decode()
    upstream = configured(there.url, client_secret="", client_key=pem)
    named.world.realm.upstreams["gov"] = upstream  # type: ignore[index]
    link(named, there)
    assert go(named.browser(), return_to="/account").status_code == 303
    assert there.authorization == ""
    assert there.redeemed["client_assertion_type"].endswith("jwt-bearer")
    claims = json.loads(_payload(there.redeemed["client_assertion"]))
    assert claims["aud"] == there.url
    assert claims["iss"] == claims["sub"] == "city"


def _payload(token: str) -> bytes:
    from tests.identity.authenticator import unb64

    return unb64(token.split(".")[1])


STRANGER = ECKey.generate_key("P-256", {"kid": "there"})
LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "another audience": {"claims": {"aud": "somebody"}},
    "no audience": {"claims": {"aud": None}},
    "several audiences and nobody who asked": {"claims": {"aud": ["city", "other"]}},
    "asked for by somebody else": {"claims": {"azp": "other"}},
    "another request": {"claims": {"nonce": "x"}},
    "no request": {"claims": {"nonce": None}},
    "over": {"claims": {"exp": 1}},
    "without an end": {"claims": {"exp": None}},
    "an end that is no time": {"claims": {"exp": True}},
    "an end that is no number": {"claims": {"exp": float("nan")}},
    "made long ago": {"claims": {"iat": 1}},
    "made in the future": {"claims": {"iat": 1 << 33, "exp": 1 << 34}},
    "nobody": {"claims": {"sub": ""}},
    "a subject without end": {"claims": {"sub": "x" * 256}},
    "another access token": {"claims": {"at_hash": "x"}},
    "no sign-in": {"claims": {"auth_time": None}},
    "a sign-in of yesterday": {"claims": {"auth_time": 1}},
    "a sign-in of tomorrow": {"claims": {"auth_time": 1 << 33}},
    "a stranger's key": {"key": STRANGER},
    "an unknown key": {"header": {"kid": "other"}},
    "no signature": {"header": {"alg": "none"}},
    "an extension we do not know": {"header": {"crit": ["exp"]}},
    "an answer of another provider": {"answer": {"iss": "https://evil.example"}},
    "an answer of nobody": {"answer": {"iss": None}},
    "an error": {"answer": {"error": "access_denied"}},
    "no code": {"answer": {"code": None}},
    "a code without end": {"answer": {"code": "x" * 5000}},
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.line(44)
def test_line_44_what_does_not_hold_in_every_part_signs_nobody_in(
    named: Site, there: Elsewhere, lie: str
) -> None:
    link(named, there)
    for name, value in LIES[lie].items():
        setattr(there, name, value)
    browser = named.browser()
    answer = go(browser, return_to="/account")
    assert answer.status_code == 400, answer.headers
    assert "haihe_session" not in browser.http.cookies
    assert "换一种方式登录" in answer.text


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["city", "other"], "azp": "city"},
        {"aud": ["city"]},
        {"azp": "city"},
        {"at_hash": "ypeBEsobvcr6wjGzmiPcTQ"},
    ],
)
def test_what_the_specification_allows_is_fine(
    named: Site, there: Elsewhere, claims: dict[str, Any]
) -> None:
    from identity.signing.tokens import half_hash

    if "at_hash" in claims:
        claims = {"at_hash": half_hash("a", "ES256")}
    link(named, there)
    there.claims = claims
    assert go(named.browser(), return_to="/account").status_code == 303


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
@pytest.mark.line(44)
def test_line_44_metadata_of_somebody_else_is_not_followed(
    named: Site, there: Elsewhere, metadata: dict[str, Any]
) -> None:
    there.metadata = metadata
    answer = named.browser().http.get(START, params={"name": "gov"})
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 10_000, b" " * MOST_BYTES + b"{}"])
def test_a_document_that_is_none_or_too_long_is_not_read(
    named: Site, there: Elsewhere, body: bytes
) -> None:
    there.body = body
    assert named.browser().http.get(START, params={"name": "gov"}).status_code == 400


@pytest.mark.line(44)
def test_line_44_an_answer_counts_in_its_browser_at_its_callback_and_once(
    named: Site, there: Elsewhere
) -> None:
    link(named, there)
    other = configured("https://other.example", name="other")
    named.world.realm.upstreams["other"] = other  # type: ignore[index]
    browser, stranger = named.browser(), named.browser()
    left = browser.http.get(START, params={"name": "gov", "return_to": "/account"})
    back = httpx.get(left.headers["location"]).headers["location"]
    stranger.http.cookies.set("haihe_upstream", "0" * 64)
    assert stranger.http.get(back).status_code == 400
    assert browser.http.get(back.replace("/gov/", "/other/")).status_code == 400
    assert browser.http.get(re.sub("state=[0-9a-f]+", "state=x", back)).status_code == 400

    def come(_: int) -> int:
        cookies = {"haihe_upstream": browser.http.cookies["haihe_upstream"]}
        return httpx.get(back, cookies=cookies, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(come, range(8))).count(303) == 1


@pytest.mark.parametrize(("wait", "status"), [(TRIP_SECONDS - 1, 303), (TRIP_SECONDS, 400)])
def test_a_trip_lasts_ten_minutes(named: Site, there: Elsewhere, wait: int, status: int) -> None:
    link(named, there)
    browser = named.browser()
    left = browser.http.get(START, params={"name": "gov"})
    back = httpx.get(left.headers["location"]).headers["location"]
    named.world.clock.now += wait
    assert browser.http.get(back).status_code == status


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "0"}])
@pytest.mark.line(15)
def test_line_15_an_app_that_wants_a_new_sign_in_gets_one_there(
    named: Site, there: Elsewhere, wish: dict[str, str]
) -> None:
    link(named, there)
    there.claims = {"auth_time": named.world.clock.now - 60}
    browser = named.browser("person")
    assert go(browser, flow=flow_of(browser, **wish)).status_code == 400
    assert there.asked["prompt"] == "login"
    assert there.asked["max_age"] == "0"
    there.claims = {}
    claims = session_claims(named, browser, go(browser, flow=flow_of(browser, **wish)))
    assert claims["auth_time"] == named.world.clock.now


@pytest.mark.parametrize(
    ("said", "level"), [("", 2), ("high", 4), ("highest", 4), ("low", 3), ("made up", 2)]
)
def test_a_provider_vouches_for_no_more_than_it_may(
    named: Site, there: Elsewhere, said: str, level: int
) -> None:
    upstream = configured(there.url, acr={"low": 3, "high": 4, "highest": 5})
    named.world.realm.upstreams["gov"] = upstream  # type: ignore[index]
    link(named, there)
    there.claims = {"acr": said or None}
    browser = named.browser("person")
    flow = flow_of(browser, acr_values=acr_of(4))
    assert session_claims(named, browser, go(browser, flow=flow))["acr"] == acr_of(level)
    assert there.asked["acr_values"] == "high highest"


def test_a_level_that_one_needs_is_fetched_from_who_vouches_for_it(
    named: Site, there: Elsewhere
) -> None:
    link(named, there)
    browser = named.browser("person")
    browser.submit(browser.http.get("/sign-in"))
    needed = json.dumps({"id_token": {"acr": {"essential": True, "value": acr_of(4)}}})
    asked = browser.http.get("/authorize", params=request_of(claims=needed))
    page = browser.http.get(asked.headers["location"])
    onward = re.search(r'href="(/sign-in/upstream\?[^"]+)"', page.text)
    assert onward is not None
    left = browser.http.get(onward[1].replace("&amp;", "&"))
    back = browser.http.get(httpx.get(left.headers["location"]).headers["location"])
    assert session_claims(named, browser, back)["acr"] == acr_of(4)


def test_a_low_sign_in_there_still_asks_for_the_second_step_here(
    named: Site, there: Elsewhere
) -> None:
    named.world.realm.upstreams["gov"] = configured(there.url, level=2)  # type: ignore[index]
    link(named, there)
    enrolled(named.world)
    browser = named.browser("person")
    page = go(browser, return_to="/account")
    assert page.status_code == 200
    assert "haihe_session" not in browser.http.cookies
    assert send_code(browser, page, present(named.world)).headers["location"] == "/account"


@pytest.mark.line(44)
def test_line_44_an_unknown_account_is_linked_only_after_signing_in_again(
    named: Site, there: Elsewhere
) -> None:
    browser = named.browser("person")
    browser.submit(browser.http.get("/sign-in"))  # being signed in already is not enough
    named.world.clock.now += 1
    answer = go(browser, return_to="/account/upstreams")
    asked = browser.http.get(answer.headers["location"])
    assert asked.headers["location"].startswith("/sign-in?return_to=%2Fsign-in%2Flink")
    again = browser.submit(browser.http.get(asked.headers["location"]))
    page = browser.http.get(again.headers["location"])
    assert "演示·李明" in page.text
    form = next(form for form in read_forms(page.text) if form.action == "/sign-in/link")
    done = browser.http.post(form.action, data=form.fields | {"decision": "link"})
    assert done.headers["location"] == "/account/upstreams"
    assert "已经关联" in browser.http.get("/account/upstreams").text
    assert go(named.browser(), return_to="/account").headers["location"] == "/account"


@pytest.mark.line(44)
def test_line_44_a_link_counts_in_the_browser_that_made_it_and_not_for_ever(
    named: Site, there: Elsewhere
) -> None:
    attacker, victim = named.browser("person"), named.browser("agent")
    bait = go(attacker).headers["location"]
    victim.submit(victim.http.get("/sign-in"))
    assert victim.http.get(bait).status_code == 400
    named.world.clock.now += LINK_SECONDS
    assert attacker.http.get(bait).status_code == 400
    assert attacker.http.get("/sign-in/link?link=x").status_code == 400


@pytest.mark.line(44)
def test_line_44_an_account_there_stands_for_one_person_and_a_person_has_one(
    named: Site, there: Elsewhere
) -> None:
    link(named, there)
    agent, person = (named.world.person(each).person_id for each in ("agent", "person"))
    with named.world.working() as work:
        taken = Link(link_id_of("gov", there.subject), "gov", agent, work.now)
        assert not work.store.upstreams.link(taken)
        second = Link(link_id_of("gov", "another"), "gov", person, work.now)
        assert not work.store.upstreams.link(second)


@pytest.mark.line(44)
def test_line_44_a_link_is_taken_away_after_a_fresh_sign_in_and_is_gone_at_once(
    named: Site, there: Elsewhere
) -> None:
    link(named, there)
    browser = named.browser("person")
    browser.submit(browser.http.get("/sign-in"))
    page = browser.http.get("/account/upstreams")
    form = next(form for form in read_forms(page.text) if form.action == "/account/upstreams")
    named.world.clock.now += 3000
    stale = browser.http.post(form.action, data=form.fields)
    assert stale.status_code == 303
    assert "done" not in stale.headers["location"]
    browser.submit(browser.http.get("/sign-in"))
    gone = browser.http.post(form.action, data=form.fields)
    assert gone.headers["location"] == "/account/upstreams?done=unlink"
    assert go(named.browser()).headers["location"].startswith("/sign-in/link")


@pytest.mark.parametrize(
    ("claim", "number", "found"),
    [
        ("number", PERSON_NUMBER, True),
        ("", PERSON_NUMBER, False),
        ("number", "120101192504120012", False),
        ("number", 120101192504120013, False),
        ("number", "11010519491231002X", False),
    ],
)
@pytest.mark.line(44)
def test_line_44_a_number_finds_its_person_only_where_the_provider_may_vouch_for_it(
    named: Site, there: Elsewhere, claim: str, number: object, found: bool
) -> None:
    upstream = configured(there.url, number_claim=claim)
    named.world.realm.upstreams["gov"] = upstream  # type: ignore[index]
    there.claims = {"number": number}
    answer = go(named.browser(), return_to="/account")
    assert (answer.headers["location"] == "/account") is found
    assert PERSON_NUMBER.encode() not in world_bytes(named.world)


def test_who_may_not_sign_in_here_may_not_by_others_either(named: Site, there: Elsewhere) -> None:
    link(named, there, "agent")
    agent = named.world.person("agent").person_id
    with named.world.working() as work:
        work.store.people.suspend(agent, work.now)
    assert go(named.browser()).status_code == 400
    with named.world.working() as work:
        work.store.people.suspend(agent, None)


def test_a_second_haihe_is_a_provider_like_any_other(named: Site, site: Site) -> None:
    callback = f"{named.url}/sign-in/upstream/gov/callback"
    now = max(site.world.clock.now, named.world.clock.now)  # back would undo what others began
    site.world.clock.now = named.world.clock.now = now
    with site.world.working() as work:
        scopes = frozenset({"openid"})
        new = NewClient("city", "演示·区平台", COMPANY_CODE, WEB, scopes, (callback,))
        if work.store.clients.find("city") is None:
            add_client(work, new, SECRET)
    levels = {acr_of(level): level for level in (2, 3, 4, 5)}
    upstream = configured(site.url, acr=levels)
    named.world.realm.upstreams["gov"] = upstream  # type: ignore[index]
    browser = named.browser("person")
    flow = flow_of(browser)
    there = site.browser("person")
    left = browser.http.get(START, params={"name": "gov", "flow": flow})
    told = walk_to(there, there.http.get(left.headers["location"]), callback)
    arrived = browser.http.get(told)
    page = browser.http.get(arrived.headers["location"])
    named.world.clock.now += 1
    again = browser.submit(browser.http.get(page.headers["location"]))
    asked = browser.http.get(again.headers["location"])
    form = next(form for form in read_forms(asked.text) if form.action == "/sign-in/link")
    done = browser.http.post(form.action, data=form.fields | {"decision": "link"})
    claims = session_claims(named, browser, done)
    assert (claims["acr"], claims["amr"]) == (acr_of(2), ["pwd"])
    person_id = named.world.person("person").person_id
    with named.world.working() as work:
        assert work.store.upstreams.unlink(person_id, "gov")
    named.world.realm.upstreams.clear()  # type: ignore[attr-defined]


def walk_to(browser: Browser, response: httpx.Response, end: str) -> str:
    """Sign in at a provider until it sends the browser back."""
    for _ in range(10):
        while response.is_redirect:
            target = urljoin(str(response.url), response.headers["location"])
            if target.startswith(end):
                return target
            response = browser.http.get(target)
        response = browser.submit(response)
    raise AssertionError("too many pages")


def test_without_providers_nothing_of_them_is_shown(site: Site) -> None:
    browser = site.browser("person")
    assert "upstream" not in browser.http.get("/sign-in").text
    assert (
        browser.http.get(START, params={"name": "gov"}).headers["location"].startswith("/sign-in")
    )
    assert browser.http.get("/sign-in/upstream/gov/callback").status_code == 400


GOOD = {
    "name": "gov",
    "title": "国家平台",
    "title_en": "National platform",
    "issuer": "https://id.example",
    "client_id": "city",
    "client_secret": "s",
}


def test_the_operators_file_is_toml_or_json() -> None:
    toml = "[[upstream]]\n" + "\n".join(f'{name} = "{value}"' for name, value in GOOD.items())
    for text, is_toml in ((toml, True), (json.dumps({"upstream": [GOOD]}), False)):
        assert read_upstreams(text, toml=is_toml)["gov"].issuer == "https://id.example"
    assert "'s'" not in repr(read_upstreams(toml, toml=True))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Gov"},
        {"name": "a/b"},
        {"issuer": "http://id.example"},
        {"issuer": "https://id.example/"},
        {"issuer": "https://id.example?x"},
        {"client_secret": ""},
        {"client_key": "also a key"},
        {"level": 6},
        {"level": 1},
        {"level": True},
        {"level": "3"},
        {"acr": {"x": 9}},
        {"acr": {"x": True}},
        {"scope": "profile"},
        {"colour": "red"},
        {"title": 1},
    ],
)
def test_a_provider_that_cannot_work_stops_the_start(change: dict[str, Any]) -> None:
    with pytest.raises(BadUpstream):
        read_upstreams(json.dumps({"upstream": [GOOD | change]}), toml=False)


@pytest.mark.parametrize(
    "document", ["", "{", "[]", "{}", '{"upstream": 1}', '{"upstream": [1]}', '{"upstream": [{}]}']
)
def test_a_file_of_something_else_stops_the_start(document: str) -> None:
    with pytest.raises(BadUpstream):
        read_upstreams(document, toml=False)


def test_two_providers_are_two(world: World) -> None:
    twins = [GOOD, GOOD | {"name": "other"}], [GOOD, GOOD | {"issuer": "https://other.example"}]
    for each in twins:
        with pytest.raises(BadUpstream):
            read_upstreams(json.dumps({"upstream": each}), toml=False)
    assert world.realm.upstreams == {}


@pytest.mark.parametrize("depth", [100, 2500])
def test_an_id_token_nested_without_end_is_refused(depth: int) -> None:
    deep = b'{"x":' + b"[" * depth + b"]" * depth + b"}"
    token = jws.serialize_compact({"alg": "ES256"}, deep, EC, ["ES256"])
    with pytest.raises(UpstreamFailed):
        check_id_token(configured("https://gov.example"), lambda _kid: [EC], token, "", "n", 1)
