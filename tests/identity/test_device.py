"""The device grant (RFC 8628): a terminal shows a code, a person answers on their phone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from identity.apps.clients import PUBLIC
from identity.apps.options import Options
from identity.asking.decoupled import (
    ALPHABET,
    COLLECT_SECONDS,
    DEVICE_GRANT,
    INTERVAL_SECONDS,
    make_user_code,
    show_user_code,
    spell_user_code,
)
from identity.asking.parameters import read_parameters
from identity.elsewhere.terminals import ADDRESS_TRIES, WINDOW_SECONDS, find_terminal
from identity.errors import UserCodeRefused
from identity.grants.device import DEVICE_SECONDS
from identity.issued.authorizations import LIFETIME_SECONDS
from identity.operating.registry import NewClient, add_client, add_mandate
from identity.provider import answer_device_authorization
from identity.signing.tokens import ID, verify_signature
from service.tour.forms import Form, read_forms
from tests.identity.browser import Browser, query
from tests.identity.conftest import Site
from tests.identity.holding import Holder
from tests.identity.world import COMPANY_CODE, EVERYTHING, World, world_bytes

line = pytest.mark.line
SCOPE = "openid profile legal_person offline_access"
Answer = dict[str, str]


def add_terminal(world: World, client_id: str = "terminal") -> None:
    """Register a self-service terminal; once."""
    options = Options(grant_types=(DEVICE_GRANT,))
    new = NewClient(client_id, "演示·自助终端", COMPANY_CODE, PUBLIC, EVERYTHING, options=options)
    with world.working() as work:
        if work.store.clients.find(client_id) is None:
            add_client(work, new)


@pytest.fixture
def terminal(site: Site) -> Site:
    add_terminal(site.world)
    return site


def begin(site: Site, **changes: str) -> Answer:
    """What a terminal is told when it asks for a code."""
    answer = ask(site, **changes)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ask(site: Site, **changes: str) -> httpx.Response:
    form = {"client_id": "terminal", "scope": SCOPE, **changes}
    return httpx.post(f"{site.url}/device_authorization", data=form)


def poll(site: Site, begun: Answer, **changes: str) -> httpx.Response:
    form = {"grant_type": DEVICE_GRANT, "client_id": "terminal"}
    form |= {"device_code": begun["device_code"], **changes}
    return httpx.post(f"{site.url}/token", data=form)


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def form_at(page: httpx.Response, path: str = "/device") -> Form:
    return next(form for form in read_forms(page.text) if form.action == path)


def type_code(browser: Browser, code: str) -> httpx.Response:
    form = form_at(browser.http.get("/device"))
    return browser.http.post("/device", data={**form.fields, "user_code": code})


def answer_at(browser: Browser, page: httpx.Response, decision: str = "allow") -> httpx.Response:
    """Go on from the page that names the terminal, and answer; the last page."""
    form = form_at(page)
    page = browser.http.post("/device", data={**form.fields, "decision": "continue"})
    for _ in range(12):
        while page.is_redirect:
            page = browser.http.get(page.headers["location"])
        if page.url.path == "/device":
            return page
        choice = {"decision": decision} if page.url.path == "/consent" else {}
        page = browser.submit(page, **choice)
    raise AssertionError("too many pages")


def allow(site: Site, begun: Answer) -> httpx.Response:
    browser = site.browser()
    return answer_at(browser, type_code(browser, begun["user_code"]))


def test_a_person_allows_a_terminal_on_their_phone_and_the_terminal_gets_tokens(
    terminal: Site,
) -> None:
    begun = begin(terminal)
    assert begun["verification_uri"] == f"{terminal.url}/device"
    assert begun["expires_in"] == DEVICE_SECONDS
    assert begun["interval"] == INTERVAL_SECONDS
    assert error_of(poll(terminal, begun)) == (400, "authorization_pending")
    browser = terminal.browser()
    end = answer_at(browser, type_code(browser, begun["user_code"]))
    assert browser.pages == ["/sign-in", "/act-for", "/consent"]
    assert "请回到终端" in end.text
    terminal.world.clock.now += INTERVAL_SECONDS
    answer = poll(terminal, begun)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens, world = answer.json(), terminal.world
    claims = verify_signature(world.realm.keys, ID, tokens["id_token"])
    named = world.realm.seals.open_subject
    assert named(claims["sub"], "client:terminal") == world.company_id()
    assert named(claims["act"]["sub"], "client:terminal") == world.person("agent").person_id
    assert "nonce" not in claims
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert httpx.get(f"{terminal.url}/userinfo", headers=bearer).json()["legal_person"]
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    again = httpx.post(f"{terminal.url}/token", data={**refresh, "client_id": "terminal"})
    assert again.status_code == 200


def test_the_qr_code_of_the_terminal_leads_to_the_same_question(terminal: Site) -> None:
    begun = begin(terminal)
    address = urlsplit(begun["verification_uri_complete"])
    assert parse_qs(address.query) == {"user_code": [begun["user_code"]]}
    browser = terminal.browser()
    page = browser.http.get(begun["verification_uri_complete"])
    assert begun["user_code"] in page.text
    assert "演示·自助终端" in page.text
    assert "您的姓名" in page.text
    assert "只有您就在这台终端前" in page.text
    assert "请回到终端" in answer_at(browser, page).text
    assert poll(terminal, begun).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.lower(),
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')} ",
        lambda code: "".join(chr(ord(letter) + 0xFEE0) for letter in code if letter != "-"),
        lambda code: code.replace("-", "—"),
    ],
    ids=["lower case", "no dash", "spaces", "full width", "long dash"],
)
def test_a_code_is_taken_in_every_spelling(terminal: Site, typed: Callable[[str], str]) -> None:
    begun = begin(terminal)
    page = type_code(terminal.browser(), typed(begun["user_code"]))
    assert begun["user_code"] in page.text


def test_codes_are_eight_letters_without_vowels_in_two_groups() -> None:
    drawn = iter((b"\0" * 16, b"\xff" * 16))
    first, second = (make_user_code(lambda _: next(drawn)) for _ in range(2))
    assert first == ALPHABET[0] * 8
    assert len(second) == 8
    assert not set("AEIOUY0123456789") & set(ALPHABET)
    assert show_user_code("BCDFGHJK") == "BCDF-GHJK"
    assert spell_user_code("bcdf-ghjk") == "BCDFGHJK"
    for wrong in ("BCDFGHJ", "BCDFGHJKL", "ACDFGHJK", "", "BCDFGHJ1"):
        assert spell_user_code(wrong) == ""


@line(43)
def test_a_terminal_that_polls_too_fast_is_told_to_slow_down_for_good(terminal: Site) -> None:
    begun, clock = begin(terminal), terminal.world.clock
    assert error_of(poll(terminal, begun)) == (400, "authorization_pending")
    clock.now += INTERVAL_SECONDS - 1
    assert error_of(poll(terminal, begun)) == (400, "slow_down")
    clock.now += 2 * INTERVAL_SECONDS - 1
    assert error_of(poll(terminal, begun)) == (400, "slow_down")
    clock.now += 3 * INTERVAL_SECONDS
    assert error_of(poll(terminal, begun)) == (400, "authorization_pending")


def test_a_refusal_reaches_the_terminal(terminal: Site) -> None:
    begun, browser = begin(terminal), terminal.browser()
    page = type_code(browser, begun["user_code"])
    end = answer_at(browser, page, decision="refuse")
    assert "终端什么也没有得到" in end.text
    assert error_of(poll(terminal, begun)) == (400, "access_denied")


@line(43)
def test_who_does_not_stand_before_the_terminal_refuses_before_signing_in(terminal: Site) -> None:
    begun, browser = begin(terminal), terminal.browser()
    form = form_at(type_code(browser, begun["user_code"]))
    answer = browser.http.post("/device", data={**form.fields, "decision": "refuse"})
    assert answer.headers["location"] == "/device?done=refused"
    assert error_of(poll(terminal, begun)) == (400, "access_denied")


@pytest.mark.parametrize(("age", "waits"), [(DEVICE_SECONDS - 1, True), (DEVICE_SECONDS, False)])
def test_a_code_nobody_types_expires(terminal: Site, age: int, waits: bool) -> None:
    begun = begin(terminal)
    terminal.world.clock.now += age
    expected = "authorization_pending" if waits else "expired_token"
    assert error_of(poll(terminal, begun)) == (400, expected)
    page = type_code(terminal.browser(), begun["user_code"])
    assert page.status_code == (200 if waits else 400)


@pytest.mark.parametrize(("age", "works"), [(COLLECT_SECONDS - 1, True), (COLLECT_SECONDS, False)])
def test_a_yes_at_the_last_moment_can_still_be_fetched(
    terminal: Site, age: int, works: bool
) -> None:
    begun = begin(terminal)
    terminal.world.clock.now += DEVICE_SECONDS - 1
    allow(terminal, begun)
    terminal.world.clock.now += age
    assert (poll(terminal, begun).status_code == 200) is works


@line(43)
def test_of_two_hundred_polls_at_once_exactly_one_gets_tokens(terminal: Site) -> None:
    begun = begin(terminal)
    allow(terminal, begun)
    form = {"grant_type": DEVICE_GRANT, "client_id": "terminal"}
    form |= {"device_code": begun["device_code"]}
    with httpx.Client(base_url=terminal.url, timeout=60) as http, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: http.post("/token", data=form), range(200)))
    tokens = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(tokens) == 1
    assert {error_of(a) for a in answers if a.status_code != 200} == {(400, "invalid_grant")}
    bearer = {"Authorization": f"Bearer {tokens[0]['access_token']}"}
    assert httpx.get(f"{terminal.url}/userinfo", headers=bearer).status_code == 200


def test_of_many_answers_at_once_exactly_one_counts(terminal: Site) -> None:
    begun = begin(terminal)
    world = terminal.world
    request_id = _request_id(terminal, begun)
    with ThreadPoolExecutor(20) as pool:

        def decide(number: int) -> bool:
            with world.working() as work:
                return work.store.decoupled.decide(request_id, f"{number}", work.now)

        assert sum(pool.map(decide, range(40))) == 1


def _request_id(site: Site, begun: Answer) -> str:
    seals = site.world.realm.seals
    return seals.open_text(begun["device_code"], "decoupled", "device").hex()


@line(43)
def test_wrong_codes_are_few_and_right_ones_are_not_counted(terminal: Site) -> None:
    browser = terminal.browser()
    for _ in range(3):
        assert type_code(browser, begin(terminal)["user_code"]).status_code == 200
    for _ in range(ADDRESS_TRIES):
        assert type_code(browser, "BCDF-GHJK").status_code == 400
    assert type_code(browser, "BCDF-GHJK").status_code == 429
    begun = begin(terminal)
    assert type_code(browser, begun["user_code"]).status_code == 429
    assert browser.http.get(begun["verification_uri_complete"]).status_code == 429
    terminal.world.clock.now += WINDOW_SECONDS
    begun = begin(terminal)
    assert type_code(browser, begun["user_code"]).status_code == 200


@line(43)
def test_a_person_who_is_signed_in_has_fewer_wrong_tries(terminal: Site) -> None:
    browser = terminal.ready()
    statuses = [type_code(browser, "BCDF-GHJK").status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_a_device_code_is_bound_to_its_terminal(terminal: Site) -> None:
    add_terminal(terminal.world, "terminal-2")
    begun = begin(terminal)
    allow(terminal, begun)
    assert error_of(poll(terminal, begun, client_id="terminal-2")) == (400, "invalid_grant")
    assert error_of(poll(terminal, begun, client_id="public")) == (400, "unauthorized_client")
    assert poll(terminal, begun).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"device_code": ""}, "invalid_request"),
        ({"device_code": "made up"}, "invalid_grant"),
        ({"device_code": "演示" * 50}, "invalid_grant"),
    ],
)
def test_polls_that_name_nothing_are_refused(terminal: Site, changes: Answer, error: str) -> None:
    assert error_of(poll(terminal, begin(terminal), **changes)) == (400, error)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_id": "nobody"}, (401, "invalid_client")),
        ({"client_id": "public"}, (400, "unauthorized_client")),
        ({"client_id": "web"}, (401, "invalid_client")),
        ({"scope": ""}, (400, "invalid_scope")),
        ({"scope": "unheard_of"}, (400, "invalid_scope")),
    ],
)
def test_only_registered_terminals_get_codes(
    terminal: Site, changes: Answer, expected: tuple[int, str]
) -> None:
    assert error_of(ask(terminal, **changes)) == expected


def test_the_device_code_and_the_user_code_rest_nowhere_in_the_database(world: World) -> None:
    add_terminal(world)
    with world.working() as work:
        form = query({"client_id": "terminal", "scope": SCOPE})
        begun = answer_device_authorization(work, read_parameters(form)).body
    stored = world_bytes(world)
    for secret in (begun["device_code"], begun["user_code"], begun["user_code"].replace("-", "")):
        assert secret.encode() not in stored


@line(46)
def test_a_mandate_that_ends_before_the_poll_gives_nothing(terminal: Site) -> None:
    begun, world = begin(terminal), terminal.world
    allow(terminal, begun)
    agent, company = world.person("agent").person_id, world.company_id()
    with world.working() as work:
        for mandate in work.store.mandates.of_person(agent, company):
            if mandate.is_live(work.now):
                work.store.mandates.revoke(mandate.mandate_id, work.now)
    try:
        assert error_of(poll(terminal, begun)) == (400, "invalid_grant")
    finally:
        with world.working() as work:
            add_mandate(work, account="agent", code=COMPANY_CODE, role="agent", powers=["licences"])


def test_withdrawing_consent_ends_what_the_terminal_got(terminal: Site) -> None:
    begun, world = begin(terminal), terminal.world
    allow(terminal, begun)
    tokens = poll(terminal, begun).json()
    agent, company = world.person("agent").person_id, world.company_id()
    with world.working() as work:
        given = work.store.clients.find_consent(agent, company, "terminal")
        assert given == set(SCOPE.split())
        work.store.authorizations.revoke_of_app(agent, company, "terminal", work.now)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert httpx.get(f"{terminal.url}/userinfo", headers=bearer).status_code == 401


def test_a_consent_of_before_does_not_answer_for_a_terminal(terminal: Site) -> None:
    for _ in range(2):
        begun, browser = begin(terminal), terminal.browser()
        answer_at(browser, type_code(browser, begun["user_code"]))
        assert browser.pages[-1] == "/consent"


def test_a_code_answered_meanwhile_is_too_late(terminal: Site) -> None:
    begun, browser = begin(terminal), terminal.browser()
    page = type_code(browser, begun["user_code"])
    allow(terminal, begun)
    end = answer_at(browser, page)
    assert "来不及了" in end.text
    assert poll(terminal, begun).status_code == 200


def test_a_terminal_of_the_demo_data_is_nobody_without_it(world: World) -> None:
    add_terminal(world)
    strict = replace(world.realm, demo_allowed=False)
    form = read_parameters(query({"client_id": "terminal", "scope": SCOPE}))
    with world.working() as work:
        begun = answer_device_authorization(work, form).body
    assert find_terminal(strict, begun["user_code"], "here", None)
    with world.working() as work:
        terminal = work.store.clients.find("terminal")
        assert terminal
        work.store.clients.replace(replace(terminal, demo=True))
    with pytest.raises(UserCodeRefused):
        find_terminal(strict, begun["user_code"], "here", None)
    with world.working() as work:
        answer = answer_device_authorization(replace(work, realm=strict), form)
    assert answer.body["error"] == "invalid_client"


def test_a_refresh_token_of_a_terminal_ends_absolutely(terminal: Site) -> None:
    begun = begin(terminal)
    allow(terminal, begun)
    token = poll(terminal, begun).json()["refresh_token"]
    terminal.world.clock.now += LIFETIME_SECONDS
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "terminal"}
    answer = httpx.post(f"{terminal.url}/token", data=form)
    assert error_of(answer) == (400, "invalid_grant")


@line(27)
def test_tokens_and_refresh_tokens_of_a_terminal_are_bound_to_the_key_it_proves(
    terminal: Site,
) -> None:
    holder, begun = Holder(terminal), begin(terminal)
    allow(terminal, begun)
    form = {"grant_type": DEVICE_GRANT, "device_code": begun["device_code"]}
    tokens = holder.token({"client_id": "terminal"}, **form).json()
    assert tokens["token_type"] == "DPoP"
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    plain = httpx.post(f"{terminal.url}/token", data={**refresh, "client_id": "terminal"})
    assert error_of(plain) == (400, "invalid_grant")
    assert holder.token({"client_id": "terminal"}, **refresh).status_code == 200


def test_metadata_says_where_terminals_ask(terminal: Site) -> None:
    metadata = httpx.get(f"{terminal.url}/.well-known/openid-configuration").json()
    assert metadata["device_authorization_endpoint"] == f"{terminal.url}/device_authorization"
    assert DEVICE_GRANT in metadata["grant_types_supported"]
