"""A clerk at the window asks, the citizen answers on the phone (OpenID Connect CIBA Core 1.0)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import update

from identity.asking.decoupled import (
    CIBA,
    CIBA_GRANT,
    COLLECT_SECONDS,
    DEVICE,
    Decoupled,
    make_handle,
    read_handle,
)
from identity.asking.parameters import read_parameters
from identity.elsewhere.ciba import CLIENT_TRIES, MOST_SECONDS, PERSON_TRIES, WINDOW_SECONDS
from identity.elsewhere.ciba import ask as ask_in
from identity.elsewhere.deciding import accept
from identity.operating.registry import add_mandate
from identity.signing.tokens import ID, verify_signature
from identity.standing.hints import find_by_id_token
from identity.store.tables import people
from service.tour.forms import read_forms
from tests.identity.browser import basic, query
from tests.identity.clerks import (
    SECRET,
    add_apps,
    answer_first,
    ask,
    begun,
    person_at,
    poll,
    refused,
    waiting,
)
from tests.identity.conftest import Site
from tests.identity.world import COMPANY, COMPANY_CODE, World, world_bytes

line = pytest.mark.line
NUMBER = "120101192805180044"  # of the reader
_WIDE = {code: code + 0xFEE0 for code in range(ord("a"), ord("z") + 1)}


@pytest.fixture
def apps(site: Site) -> Site:
    add_apps(site.world)
    return site


def test_a_person_sees_who_asks_what_for_and_the_words_on_the_clerks_screen(apps: Site) -> None:
    begun(ask(apps, binding_message="窗口 7 号 · 1234"))
    browser = person_at(apps)
    page = browser.http.get("/approvals").text
    for text in ("演示·窗口系统", "演示·市场监督管理局", "窗口 7 号 · 1234", "您的姓名"):
        assert text in page
    form = waiting(browser.http.get("/approvals"))[0]
    consent = browser.http.post("/approvals", data={**form.fields, "decision": "open"})
    while consent.is_redirect:
        consent = browser.http.get(consent.headers["location"])
    assert consent.url.path == "/consent"
    for text in ("演示·窗口系统", "演示·市场监督管理局", "窗口 7 号 · 1234", "演示·赵静"):
        assert text in consent.text


def test_a_person_refuses_on_the_list(apps: Site) -> None:
    asked, browser = begun(ask(apps)), person_at(apps)
    form = waiting(browser.http.get("/approvals"))[0]
    answer = browser.http.post("/approvals", data={**form.fields, "decision": "refuse"})
    assert answer.headers["location"] == "/approvals?done=refused"
    assert not waiting(browser.http.get("/approvals"))
    refused(poll(apps, asked), "access_denied")


def test_nobody_sees_or_answers_what_was_asked_of_another(apps: Site) -> None:
    asked = begun(ask(apps))
    form = waiting(person_at(apps).http.get("/approvals"))[0]
    other = person_at(apps, "person")
    page = other.http.get("/approvals")
    assert not waiting(page)
    begun(ask(apps, login_hint="person"))
    own = waiting(other.http.get("/approvals"))[0]
    sent = {**own.fields, "request": form.fields["request"]}
    for decision in ("open", "refuse"):
        answer = other.http.post("/approvals", data={**sent, "decision": decision})
        assert answer.headers["location"] == "/approvals?done=late"
    refused(poll(apps, asked), "authorization_pending")


def test_a_request_that_was_opened_cannot_be_answered_after_somebody_else_signed_in(
    apps: Site,
) -> None:
    asked, browser = begun(ask(apps)), person_at(apps)
    form = waiting(browser.http.get("/approvals"))[0]
    opened = browser.http.post("/approvals", data={**form.fields, "decision": "open"})
    stranger = person_at(apps, "person")
    page = stranger.http.get(opened.headers["location"])
    assert page.headers["location"].startswith("/sign-in?")
    consent = opened.headers["location"].replace("/authorize", "/consent")
    shown = stranger.http.get(consent)
    if shown.status_code == 200:
        stranger.submit(shown, decision="allow")
    person = apps.world.person("person").person_id
    with apps.world.working() as work:
        assert not work.store.clients.find_consent(person, person, "window")
    refused(poll(apps, asked), "authorization_pending")


def test_a_request_for_nobody_is_answered_by_nobody(apps: Site) -> None:
    asked = Decoupled("0" * 32, CIBA, "window", frozenset(), 0, 1)
    assert not asked.may_answer("1" * 32)
    assert replace(asked, kind=DEVICE).may_answer("1" * 32)
    assert replace(asked, person_id="1" * 32).may_answer("1" * 32)
    assert not replace(asked, kind=DEVICE, person_id="2" * 32).may_answer("1" * 32)


def test_pages_are_for_those_who_are_signed_in(apps: Site) -> None:
    answer = apps.browser().http.get("/approvals")
    assert answer.headers["location"] == "/sign-in?return_to=/approvals"


def test_account_and_home_lead_to_the_page(apps: Site) -> None:
    assert 'href="/approvals"' in person_at(apps).http.get("/account").text


@pytest.mark.parametrize("hint", ["reader", " Reader ", NUMBER])
def test_a_person_is_found_by_account_and_by_number(apps: Site, hint: str) -> None:
    begun(ask(apps, login_hint=hint))
    assert waiting(person_at(apps).http.get("/approvals"))


@line(40)
def test_a_number_that_was_sent_as_a_hint_rests_nowhere(world: World) -> None:
    add_apps(world)
    with world.working() as work:
        window = work.store.clients.find("window")
        assert window
        form = query({"scope": "openid", "login_hint": NUMBER})
        ask_in(work, window, read_parameters(form))
    assert NUMBER.encode() not in world_bytes(world)


@line(35)
@pytest.mark.parametrize("hint", ["nobody at all", "120101193001010012", "1" * 3000, "\u200b"])
def test_a_hint_that_leads_to_nobody_gets_the_same_answer_and_waits_in_vain(
    apps: Site, hint: str
) -> None:
    known, unknown = begun(ask(apps)), begun(ask(apps, login_hint=hint))
    assert known.keys() == unknown.keys()
    assert len(known["auth_req_id"]) == len(unknown["auth_req_id"])
    refused(poll(apps, unknown), "authorization_pending")
    apps.world.clock.now += unknown["expires_in"]
    refused(poll(apps, unknown), "expired_token")


@line(35)
@pytest.mark.parametrize("hint", ["reader", "nobody at all"])
def test_nobody_floods_a_phone_whether_or_not_there_is_one(apps: Site, hint: str) -> None:
    answers = [ask(apps, login_hint=hint) for _ in range(CLIENT_TRIES + 1)]
    assert [each.status_code for each in answers] == [200] * CLIENT_TRIES + [403]
    refused(answers[-1], "access_denied")
    others = [ask(apps, "window-2", login_hint=hint) for _ in range(CLIENT_TRIES)]
    allowed = PERSON_TRIES - CLIENT_TRIES
    assert sum(each.status_code == 200 for each in others) == allowed
    assert ask(apps, login_hint="agent").status_code == 200
    # In another spelling it is the same one, known or not.
    assert ask(apps, login_hint=hint.translate(_WIDE)).status_code == 403
    apps.world.clock.now += WINDOW_SECONDS
    assert ask(apps, login_hint=hint).status_code == 200


def test_what_one_person_is_asked_nobody_else_sees_answers_or_refuses(apps: Site) -> None:
    asked = begun(ask(apps, binding_message="窗口 7 号"))
    own, stranger = person_at(apps), person_at(apps, "person")
    form = waiting(own.http.get("/approvals"))[0]
    opened = own.http.post("/approvals", data={**form.fields, "decision": "open"})
    page = own.http.get(opened.headers["location"])
    while page.is_redirect:
        page = own.http.get(page.headers["location"])
    address = str(page.url)  # which somebody else finds on the same computer
    assert stranger.http.get(address).headers["location"].startswith("/authorize?flow=")
    consent = next(form for form in read_forms(page.text) if form.action == "/consent")
    csrf = read_forms(stranger.http.get("/account").text)[0].fields["csrf"]
    party = apps.world.person("person").person_id
    for decision in ("allow", "refuse"):
        fields = consent.fields | {"csrf": csrf, "decision": decision, "drafted_for": party}
        stranger.http.post("/consent", data=fields)
    refused(poll(apps, asked), "authorization_pending")
    reader, other = apps.world.person("reader").person_id, apps.world.sign_in("person")[1]
    with apps.world.working() as work:
        found = work.store.decoupled.of_person(reader, work.now, 1)
        client = work.store.clients.find("window")
        assert client is not None
        assert not accept(work, found[0], client, other)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"login_hint": None}, "invalid_request"),
        ({"login_hint": None, "login_hint_token": "x"}, "invalid_request"),
        ({"id_token_hint": "x"}, "invalid_request"),
        ({"login_hint_token": "x"}, "invalid_request"),
        ({"login_hint": None, "id_token_hint": "x"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"requested_expiry": "0"}, "invalid_request"),
        ({"requested_expiry": "-1"}, "invalid_request"),
        ({"requested_expiry": "soon"}, "invalid_request"),
        ({"requested_expiry": "1.5"}, "invalid_request"),
        ({"binding_message": "x" * 101}, "invalid_binding_message"),
        ({"binding_message": "a\tb"}, "invalid_binding_message"),
        ({"binding_message": "\u202eevil"}, "invalid_binding_message"),
        ({"request": "not a jwt"}, "invalid_request"),
        ({"request": "e30.e30."}, "invalid_request"),
    ],
)
def test_requests_that_cannot_be_honoured(
    apps: Site, changes: dict[str, str | None], error: str
) -> None:
    refused(ask(apps, **changes), error)


@pytest.mark.parametrize(
    ("asked", "given"), [("1", 1), ("600", 600), ("601", 600), ("999999", 600)]
)
def test_a_wish_for_time_is_honoured_up_to_a_bound(apps: Site, asked: str, given: int) -> None:
    assert MOST_SECONDS == 600
    assert begun(ask(apps, requested_expiry=asked))["expires_in"] == given


def test_only_registered_apps_that_prove_themselves_may_ask(apps: Site) -> None:
    refused(ask(apps, "no-ciba"), "unauthorized_client")
    form = {"scope": "openid", "login_hint": "reader"}
    wrong = httpx.post(f"{apps.url}/bc-authorize", data=form, headers=basic("window", "wrong"))
    refused(wrong, "invalid_client")
    public = httpx.post(f"{apps.url}/bc-authorize", data={**form, "client_id": "public"})
    refused(public, "invalid_request")


def test_an_id_token_names_the_person_and_for_whom_they_act(apps: Site) -> None:
    world, company = apps.world, apps.world.company_id()
    asked = begun(ask(apps, login_hint="agent", scope="openid legal_person"))
    answer_first(person_at(apps, "agent", company))
    hint = poll(apps, asked).json()["id_token"]
    world.clock.now += 24 * 3600  # a hint may have expired
    asked = begun(ask(apps, login_hint=None, id_token_hint=hint, scope="openid legal_person"))
    browser = person_at(apps, "agent")  # for themself now
    assert COMPANY in browser.http.get("/approvals").text
    assert "已经同意" in answer_first(browser).text
    claims = verify_signature(world.realm.keys, ID, poll(apps, asked).json()["id_token"])
    assert world.realm.seals.open_subject(claims["sub"], "client:window") == company
    others = ask(apps, "window-2", login_hint=None, id_token_hint=hint)
    refused(others, "invalid_request")
    with world.working() as work:
        window = work.store.clients.find("window")
        assert window
        assert find_by_id_token(work, window, hint)
        assert not find_by_id_token(work, replace(window, client_id="of the same sector"), hint)


def test_who_insists_on_another_identity_answers_nothing(apps: Site) -> None:
    company = apps.world.company_id()
    asked = begun(ask(apps, login_hint="agent", scope="openid legal_person"))
    answer_first(person_at(apps, "agent", company))
    hint = poll(apps, asked).json()["id_token"]
    for scope in ("openid legal_person", "openid"):
        asked = begun(ask(apps, login_hint=None, id_token_hint=hint, scope=scope))
        browser = person_at(apps, "agent", company)
        form = waiting(browser.http.get("/approvals"))[0]
        page = browser.http.post("/approvals", data={**form.fields, "decision": "open"})
        while page.is_redirect:
            page = browser.http.get(page.headers["location"])
        flow = next(form for form in read_forms(page.text) if form.action == "/consent").fields
        choice = browser.http.get("/act-for", params={"flow": flow["flow"]})
        page = browser.submit(choice, party="self")
        while page.is_redirect:
            page = browser.http.get(page.headers["location"])
        assert page.url.path == "/consent"
        page = browser.submit(page, decision="allow")
        while page.is_redirect:
            page = browser.http.get(page.headers["location"])
        if scope == "openid":  # the app knows nothing of acting for others: it gets the person
            assert "已经同意" in page.text
            continue
        assert "另一个身份" in page.text
        refused(poll(apps, asked), "authorization_pending")


@line(43)
def test_of_two_hundred_polls_at_once_exactly_one_gets_tokens(apps: Site) -> None:
    asked = begun(ask(apps))
    answer_first(person_at(apps))
    form = {"grant_type": CIBA_GRANT, "auth_req_id": asked["auth_req_id"]}
    headers = basic("window", SECRET)
    with httpx.Client(base_url=apps.url, timeout=60) as http, ThreadPoolExecutor(50) as pool:
        tries = pool.map(lambda _: http.post("/token", data=form, headers=headers), range(200))
        statuses = sorted(answer.status_code for answer in tries)
    assert statuses == [200] + [400] * 199


def test_a_transaction_is_bound_to_its_app(apps: Site) -> None:
    asked = begun(ask(apps))
    answer_first(person_at(apps))
    refused(poll(apps, asked, "window-2"), "invalid_grant")
    assert poll(apps, asked).status_code == 200
    refused(poll(apps, asked), "invalid_grant")


def test_a_device_code_is_no_auth_req_id(apps: Site) -> None:
    asked = begun(ask(apps))
    seals = apps.world.realm.seals
    request_id = read_handle(seals, "ciba", asked["auth_req_id"])
    assert request_id
    refused(poll(apps, {"auth_req_id": make_handle(seals, DEVICE, request_id)}), "invalid_grant")


@pytest.mark.parametrize(("age", "works"), [(COLLECT_SECONDS - 1, True), (COLLECT_SECONDS, False)])
def test_a_yes_at_the_last_moment_can_still_be_fetched(apps: Site, age: int, works: bool) -> None:
    asked = begun(ask(apps, requested_expiry="20"))
    apps.world.clock.now += 19
    answer_first(person_at(apps))
    apps.world.clock.now += age
    assert (poll(apps, asked).status_code == 200) is works


@line(46)
def test_a_mandate_that_ends_before_the_poll_gives_nothing(apps: Site) -> None:
    world, company = apps.world, apps.world.company_id()
    asked = begun(ask(apps, login_hint="agent", scope="openid legal_person"))
    answer_first(person_at(apps, "agent", company))
    agent = world.person("agent").person_id
    with world.working() as work:
        for mandate in work.store.mandates.of_person(agent, company):
            if mandate.is_live(work.now):
                work.store.mandates.revoke(mandate.mandate_id, work.now)
    try:
        refused(poll(apps, asked), "invalid_grant")
    finally:
        with world.working() as work:
            add_mandate(work, account="agent", code=COMPANY_CODE, role="agent", powers=["licences"])


def test_an_answer_that_comes_second_is_too_late(apps: Site) -> None:
    asked, browser = begun(ask(apps)), person_at(apps)
    form = waiting(browser.http.get("/approvals"))[0]
    answer_first(person_at(apps))
    page = browser.http.post("/approvals", data={**form.fields, "decision": "refuse"})
    assert page.headers["location"] == "/approvals?done=late"
    assert poll(apps, asked).status_code == 200


def test_a_consent_of_before_does_not_answer(apps: Site) -> None:
    for _ in range(2):
        asked, browser = begun(ask(apps)), person_at(apps)
        answer_first(browser)
        assert browser.pages[-1] == "/consent"
        assert poll(apps, asked).status_code == 200


def test_people_of_the_demo_data_are_nobody_without_it(world: World) -> None:
    add_apps(world)
    with world.working() as work:
        window = work.store.clients.find("window")
        assert window
        work.store.people._connection.execute(update(people).values(demo=True))
        strict = replace(work, realm=replace(world.realm, demo_allowed=False))
        form = read_parameters(query({"scope": "openid", "login_hint": "reader"}))
        assert ask_in(work, window, form).person_id
        assert not ask_in(strict, window, form).person_id
