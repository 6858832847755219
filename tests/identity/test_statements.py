"""How many statements each path costs. A higher number is a decision, not an accident."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from identity.asking.flow import Flow
from identity.asking.parameters import read_parameters
from identity.authorization.arriving import arrive
from identity.authorization.authorizing import Ask, authorize
from identity.authorization.pushing import push
from identity.provider import answer_token_request
from identity.standing.access import verify_access
from identity.standing.acting import current_session, use_session
from tests.identity.browser import VERIFIER, basic, query, request_of, told
from tests.identity.world import EVERYTHING, REDIRECT, SERVICE_SECRET, World


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Collect what is sent to the database."""
    sent: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(("party", "budget"), [("company", 2), ("self", 1)])
def test_finding_who_is_signed_in(world: World, party: str, budget: int) -> None:
    cookie, _ = world.sign_in("agent", world.company_id() if party == "company" else "")
    with statements(world) as sent:
        assert current_session(world.realm, cookie)
    assert len(sent) == budget
    world.clock.now += 60
    with statements(world) as sent:
        assert current_session(world.realm, cookie)
    assert len(sent) == budget + 1


def test_an_apps_own_token_costs_one_statement_and_its_check_one(world: World) -> None:
    form = read_parameters(
        "grant_type=client_credentials", basic("service", SERVICE_SECRET)["Authorization"]
    )
    with statements(world) as sent, world.realm.reading() as store:
        token = answer_token_request(world.realm.work(store), form).body["access_token"]
    assert len(sent) == 1
    with statements(world) as sent, world.realm.reading() as store:
        assert verify_access(world.realm.work(store), token)
    assert len(sent) == 1


def test_a_pushed_request_costs_three_statements_more_than_a_plain_one(world: World) -> None:
    company = world.company_id()
    _, signed_in = world.sign_in("agent", company)
    with world.working() as work:
        person = signed_in.person.person_id
        work.store.clients.save_consent(person, company, "web", EVERYTHING, work.now)
    form = read_parameters(query(request_of()), basic()["Authorization"])
    with statements(world) as sent, world.realm.reading() as store:
        answer = push(world.realm.work(store), form)
    assert len(sent) == 1  # client: nothing is written
    named = {"client_id": "web", "request_uri": answer.body["request_uri"]}
    with statements(world) as sent:
        flow = arrive(world.realm, read_parameters(query(named)), lambda _: b"")
        with world.working() as work:
            assert not isinstance(authorize(work, flow, signed_in), Ask)
    assert len(sent) == 6  # client, used? | client, consent, use up, code


def test_a_whole_code_flow_of_somebody_known(world: World) -> None:
    company = world.company_id()
    cookie, signed_in = world.sign_in("agent", company)
    with world.working() as work:
        person = signed_in.person.person_id
        work.store.clients.save_consent(person, company, "web", EVERYTHING, work.now)
    with statements(world) as sent:
        found = current_session(world.realm, cookie)
        with world.working() as work:
            answer = authorize(work, Flow(query(request_of()), work.now), found)
    assert not isinstance(answer, Ask)
    assert len(sent) == 5  # session, mandate, client, consent, code
    form = {
        "grant_type": "authorization_code",
        "code": told(answer.location or "")["code"],
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    with statements(world) as sent, world.working() as work:
        parameters = read_parameters(query(form), basic()["Authorization"])
        tokens = answer_token_request(work, parameters).body
    assert len(sent) == 5  # client, code, mandate, redeem, names for the ID token
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    with statements(world) as sent, world.working() as work:
        parameters = read_parameters(query(form), basic()["Authorization"])
        assert answer_token_request(work, parameters).status == 200
    assert len(sent) == 5
    with statements(world) as sent, world.realm.reading() as store:
        assert verify_access(world.realm.work(store), tokens["access_token"])
    assert len(sent) == 2


def test_a_whole_code_flow_of_a_person_for_themself(world: World) -> None:
    cookie, signed_in = world.sign_in("reader")
    person = signed_in.person.person_id
    scope = "openid profile offline_access"
    with world.working() as work:
        work.store.clients.save_consent(person, person, "web", EVERYTHING, work.now)
    with statements(world) as sent, world.working() as work:
        found = use_session(work, cookie, "web")
        answer = authorize(work, Flow(query(request_of(scope=scope)), work.now), found)
    assert not isinstance(answer, Ask)
    assert len(sent) == 3  # session with consent, client, code
    code = told(answer.location or "")["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    with statements(world) as sent, world.working() as work:
        parameters = read_parameters(query(form), basic()["Authorization"])
        tokens = answer_token_request(work, parameters).body
    assert len(sent) == 2  # client, and the code in one
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    with statements(world) as sent, world.working() as work:
        parameters = read_parameters(query(form), basic()["Authorization"])
        assert answer_token_request(work, parameters).status == 200
    assert len(sent) == 2
    with statements(world) as sent, world.realm.reading() as store:
        assert verify_access(world.realm.work(store), tokens["access_token"])
    assert len(sent) == 1
