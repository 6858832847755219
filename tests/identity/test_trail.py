"""The audit trail: who did what, for whom; and what apps were refused for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Table, delete, text

from identity.apps.refusals import MOST_CHARACTERS, SLOTS, Fault
from identity.noting import keep_fault
from identity.standing.account import change_password, sign_out_everywhere, withdraw_consent
from identity.standing.acting import choose_party
from identity.store.housekeeping import ENDS, HISTORY_SECONDS, KEPT_SECONDS
from identity.store.operating import Wanted, client_refusals
from identity.store.tables import metadata
from identity.trail import events
from identity.trail.events import Event
from tests.identity.browser import request_of
from tests.identity.conftest import Site
from tests.identity.world import PASSWORD, PERSON_NUMBER, REDIRECT, World

EVER = Wanted(0, 2**40, 100)


def trail(world: World, **wanted: str) -> list[Event]:
    with world.realm.reading() as store:
        return list(store.events.read(replace(EVER, **wanted)))  # type: ignore[arg-type]


def kinds(world: World, person_id: str) -> set[str]:
    return {event.kind for event in trail(world, person_id=person_id)}


@pytest.mark.line(49)
def test_a_whole_flow_leaves_who_for_whom_which_app_how_surely(site: Site) -> None:
    browser = site.browser()
    browser.tokens(prompt="consent")
    world, agent = site.world, site.world.person("agent")
    found = trail(world, person_id=agent.person_id)
    given = next(event for event in found if event.kind == events.CONSENT_GIVEN)
    allowed = next(event for event in found if event.kind == events.AUTHORIZATION)
    for event in (given, allowed):
        assert (event.party_id, event.client_id) == (world.company_id(), "web")
        assert event.acr.endswith("level2")
        assert "openid" in event.detail
    assert allowed.succeeded
    assert {events.SIGN_IN, events.ACTING} <= {event.kind for event in found}


@pytest.mark.line(49)
def test_a_refused_consent_and_a_failed_sign_in_are_there_too(site: Site) -> None:
    browser = site.browser("reader")
    form = {"account": "reader", "password": "wrong"}
    page = browser.http.get("/sign-in")
    assert browser.submit(page, **form).status_code == 400
    page = browser.http.get("/authorize", params=request_of(), follow_redirects=True)
    page = browser.submit(page)
    while page.is_redirect:
        page = browser.http.get(page.headers["location"])
    browser.submit(page, decision="no")
    found = trail(site.world, person_id=site.world.person("reader").person_id)
    assert events.CONSENT_REFUSED in {event.kind for event in found}
    assert {event.succeeded for event in found if event.kind == events.SIGN_IN} == {True, False}


@pytest.mark.line(49)
def test_what_a_person_changes_is_written_with_it_or_not_at_all(world: World) -> None:
    company = world.company_id()
    _, signed_in = world.sign_in("agent", company)
    with pytest.raises(ZeroDivisionError), world.working() as work:
        sign_out_everywhere(work, signed_in)
        raise ZeroDivisionError
    assert events.SIGNED_OUT_EVERYWHERE not in kinds(world, signed_in.person.person_id)
    with world.working() as work:
        choose_party(work, signed_in, signed_in.person.person_id)
        withdraw_consent(work, signed_in, company, "web")
        change_password(work, signed_in, "hash")
        sign_out_everywhere(work, signed_in)
    assert {
        events.ACTING,
        events.CONSENT_WITHDRAWN,
        events.PASSWORD_CHANGED,
        events.SIGNED_OUT_EVERYWHERE,
    } <= kinds(world, signed_in.person.person_id)


@pytest.mark.line(49)
def test_no_secret_and_no_number_stands_in_the_trail(site: Site) -> None:
    tokens = site.browser("person").tokens(prompt="consent")
    written = repr(trail(site.world))
    for secret in (PASSWORD, PERSON_NUMBER, *tokens.values()):
        if len(str(secret)) > 10 and " " not in str(secret):
            assert str(secret) not in written


@pytest.mark.line(49)
def test_the_trail_is_kept_six_months_and_no_longer(world: World) -> None:
    world.sign_in("agent", world.company_id())
    assert HISTORY_SECONDS >= 181 * 24 * 3600
    start = world.clock.now
    for after, left in ((HISTORY_SECONDS - 1, True), (HISTORY_SECONDS, False)):
        with world.working() as work:
            work.store.housekeeping.forget_ended(start + after)
        assert bool(trail(world, kind=events.ACTING)) == left


def test_the_trail_can_be_narrowed_and_has_an_end(world: World) -> None:
    agent, start = world.person("agent"), world.clock.now
    world.sign_in("agent", world.company_id())
    world.clock.now += 10
    world.sign_in("reader")
    assert {event.person_id for event in trail(world, person_id=agent.person_id)} == {
        agent.person_id
    }
    with world.realm.reading() as store:
        assert not store.events.read(Wanted(start + 11, 2**40, 100))
        assert len(store.events.read(Wanted(0, 2**40, 1))) == 1
        assert not store.events.read(Wanted(0, start, 100, kind=events.ACTING))
        assert store.events.read(Wanted(0, start + 1, 100, kind=events.ACTING))


KEPT_FOR_EVER = {
    "people", "legal_persons", "mandates", "mandate_signatures", "clients", "consents",
    "totp_keys", "recovery_codes", "client_activity", "passkeys",
    "upstream_links",
}  # fmt: skip


FORGOTTEN_ELSEWHERE = {"signing_keys"}  # with the round that rotates them


def test_every_table_is_emptied_in_the_end_or_kept_for_ever_on_purpose() -> None:
    """A new table goes into housekeeping's `ENDS`, or here."""
    ended = {table.name for table in ENDS}
    assert ended | KEPT_FOR_EVER | FORGOTTEN_ELSEWHERE == set(metadata.tables)
    assert not ended & KEPT_FOR_EVER


@pytest.mark.parametrize("table", sorted(ENDS, key=str), ids=str)
def test_a_row_is_deleted_when_its_time_is_over_and_not_a_second_before(
    world: World, table: Table
) -> None:
    column, kept = ENDS[table]
    row = {each.name: a_value(each) for each in table.columns} | {column.name: 1000}
    with world.database.writing() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(table.insert(), row)
    for now, deleted in ((1000 + kept - 1, 0), (1000 + kept, 1)):
        with world.working() as work:
            assert work.store.housekeeping.forget_ended(now) == deleted


def a_value(column: Column[Any]) -> object:
    kind = column.type.python_type
    return b"x" if kind is bytes else "x" if kind is str else 2**40 if kind is int else False


def refused(world: World, client_id: str = "web") -> list[Fault]:
    with world.realm.reading() as store:
        return list(store.refusals.of_client(client_id))


def wipe(world: World) -> None:
    with world.database.writing() as connection:
        connection.execute(delete(client_refusals))


def test_a_wrong_redirect_is_kept_for_the_developers_without_its_query(site: Site) -> None:
    wipe(site.world)
    wrong = REDIRECT + "/x?token=abc&id=120101192504120013"
    answer = site.browser().http.get("/authorize", params=request_of(redirect_uri=wrong))
    assert answer.status_code == 400
    (kept,) = refused(site.world)
    assert (kept.endpoint, kept.count, kept.at) == ("/authorize", 1, site.world.clock.now)
    assert "differ from character" in kept.description
    assert "120101192504120013" not in kept.description
    assert "token=abc" not in kept.description


def test_a_token_refusal_is_kept_and_repetitions_are_counted_once_a_second(site: Site) -> None:
    wipe(site.world)
    browser = site.browser()
    for seconds in (0, 0, 1):
        site.world.clock.now += seconds
        assert browser.redeem("not a code").status_code == 400
    (kept,) = refused(site.world)
    assert (kept.error, kept.count, kept.endpoint) == ("invalid_grant", 2, "/token")
    form = {"grant_type": "client_credentials", "client_id": "service", "client_secret": "x"}
    service = browser.http.post("/token", data=form)
    assert service.status_code == 401
    assert [each.error for each in refused(site.world, "service")] == ["invalid_client"]


def test_what_a_person_decides_is_no_fault_of_the_app(site: Site) -> None:
    wipe(site.world)
    answer = site.browser().http.get("/authorize", params=request_of(prompt="none"))
    assert "login_required" in answer.headers["location"]
    assert refused(site.world) == []


def test_nobody_fills_the_database_with_refusals(world: World) -> None:
    for number in range(100):
        keep_fault(world.realm, Fault("web", "/token", "invalid_request", f"why {number}"))
        keep_fault(world.realm, Fault(f"unknown-{number}", "/token", "invalid_client", "no"))
        keep_fault(world.realm, Fault("bad\0", "/token", "invalid_client", "no"))
    assert len(refused(world)) <= SLOTS
    assert refused(world, "unknown-1") == []
    world.clock.now += 1
    keep_fault(world.realm, Fault("web", "/x", "invalid_request", "y" * 9999))
    assert max(len(each.description) for each in refused(world)) == MOST_CHARACTERS
    with world.working() as work:
        work.store.housekeeping.forget_ended(work.now + KEPT_SECONDS)
    assert refused(world) == []


def test_parallel_refusals_do_not_fail(world: World) -> None:
    refusal = Fault("web", "/token", "invalid_grant", "the same")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: keep_fault(world.realm, refusal), range(40)))
    assert len(refused(world)) == 1


def test_the_last_tokens_of_an_app_are_remembered_and_never_go_back(world: World) -> None:
    with world.working() as work:
        work.store.activity.add({"web": 10, "service": 5})
        work.store.activity.add({"web": 7, "service": 6})
        assert (work.store.activity.find("web"), work.store.activity.find("service")) == (10, 6)
        assert work.store.activity.find("other") is None


def test_what_an_app_was_allowed_outlives_the_app(site: Site) -> None:
    site.browser().tokens()
    before = trail(site.world, client_id="web", kind=events.AUTHORIZATION)
    with pytest.raises(ZeroDivisionError), site.world.working() as work:
        work.store.clients.remove("web")
        after = work.store.events.read(replace(EVER, client_id="web", kind=events.AUTHORIZATION))
        assert list(after) == before
        raise ZeroDivisionError  # the app is needed by others


def test_times_are_integers() -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            if column.name.endswith(("_at", "_until", "ends")):
                assert isinstance(column.type, BigInteger), column
