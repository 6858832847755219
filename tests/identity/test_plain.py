"""What needs no second look is compared and used up in one statement, as strictly as ever."""

from typing import Any

import pytest

from identity.asking.flow import Flow
from identity.asking.parameters import read_parameters
from identity.authorization.authorizing import Ask, authorize
from identity.grants.messages import Answer
from identity.issued.authorizations import GRACE_SECONDS, read_code, read_refresh_token
from identity.provider import answer_token_request
from tests.identity.browser import VERIFIER, basic, query, request_of, told
from tests.identity.world import EVERYTHING, EXACT_SECRET, REDIRECT, World

SCOPE = "openid profile offline_access"
BOTH = pytest.mark.parametrize("account", ["reader", "agent"])  # plain, and the long way


def code_for(world: World, account: str) -> str:
    company = account == "agent"
    party = world.company_id() if company else world.person(account).person_id
    _, signed_in = world.sign_in(account, party)
    scope = SCOPE + (" legal_person" if company else "")
    with world.working() as work:
        person = signed_in.person.person_id
        work.store.clients.save_consent(person, party, "web", EVERYTHING, work.now)
        answer = authorize(work, Flow(query(request_of(scope=scope)), work.now), signed_in)
    assert not isinstance(answer, Ask)
    code = told(answer.location or "")["code"]
    handle = read_code(world.realm.seals, code)
    assert handle is not None
    assert handle.plain is not company
    return code


def ask(world: World, form: dict[str, str], client: tuple[str, ...] = ()) -> Answer:
    authorization = basic(*client)["Authorization"]
    with world.working() as work:
        return answer_token_request(work, read_parameters(query(form), authorization))


def redeem(world: World, code: str, client: tuple[str, ...] = (), **changes: str) -> Answer:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return ask(world, form | changes, client)


def refresh(world: World, token: str, client: tuple[str, ...] = (), **changes: str) -> Answer:
    return ask(world, {"grant_type": "refresh_token", "refresh_token": token} | changes, client)


def tokens_of(world: World, account: str) -> dict[str, Any]:
    answer = redeem(world, code_for(world, account))
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


@BOTH
@pytest.mark.line(7)
@pytest.mark.parametrize(
    ("client", "changes"),
    [
        (("exact", EXACT_SECRET), {}),
        ((), {"redirect_uri": REDIRECT + "/"}),
        ((), {"redirect_uri": ""}),
        ((), {"code_verifier": "w" * 43}),
        ((), {"code_verifier": "é" * 43}),
        ((), {"code_verifier": ""}),
    ],
)
def test_a_code_that_is_presented_wrongly_is_refused_and_not_used_up(
    world: World, account: str, client: tuple[str, ...], changes: dict[str, str]
) -> None:
    code = code_for(world, account)
    answer = redeem(world, code, client, **changes)
    assert answer.status == 400
    assert answer.body["error"] in {"invalid_grant", "invalid_request"}
    assert redeem(world, code).status == 200


@BOTH
@pytest.mark.line(6)
def test_a_code_works_in_its_last_second_and_not_after_it(world: World, account: str) -> None:
    first, second = code_for(world, account), code_for(world, account)
    world.clock.now += 59
    assert redeem(world, first).status == 200
    world.clock.now += 1
    assert redeem(world, second).body["error"] == "invalid_grant"


@BOTH
@pytest.mark.line(5)
def test_a_second_use_takes_back_what_the_first_one_gave(world: World, account: str) -> None:
    code = code_for(world, account)
    token = redeem(world, code).body["refresh_token"]
    assert redeem(world, code).body["error"] == "invalid_grant"
    assert refresh(world, token).body["error"] == "invalid_grant"


@BOTH
def test_a_code_of_a_sign_in_that_ended_is_refused(world: World, account: str) -> None:
    code = code_for(world, account)
    handle = read_code(world.realm.seals, code)
    assert handle is not None
    with world.working() as work:
        found = work.store.authorizations.find(handle.authorization_id)
        assert found is not None
        work.store.sessions.end(found.session_id, work.now)
    assert redeem(world, code).body["error"] == "invalid_grant"


@BOTH
@pytest.mark.line(28)
def test_a_refresh_token_gives_its_successor_and_another_app_nothing(
    world: World, account: str
) -> None:
    token = tokens_of(world, account)["refresh_token"]
    other = refresh(world, token, ("exact", EXACT_SECRET))
    assert other.body["error"] == "invalid_grant"
    successor = refresh(world, token).body["refresh_token"]
    assert refresh(world, token).body["refresh_token"] == successor  # the answer was lost
    world.clock.now += GRACE_SECONDS
    assert refresh(world, token).body["error"] == "invalid_grant"
    assert refresh(world, successor).body["error"] == "invalid_grant"  # the family is over


@BOTH
def test_less_may_be_asked_for_and_more_may_not(world: World, account: str) -> None:
    token = tokens_of(world, account)["refresh_token"]
    more = refresh(world, token, scope=SCOPE + " licence.issue")
    assert more.body["error"] == "invalid_scope"
    less = refresh(world, token, scope="openid")
    assert less.status == 200
    assert less.body["scope"] == "openid"


def test_a_person_of_the_demo_data_gets_nothing_where_there_is_none(world: World) -> None:
    code, token = code_for(world, "reader"), tokens_of(world, "reader")["refresh_token"]
    handle = read_refresh_token(world.realm.seals, token)
    assert handle is not None
    assert handle.plain
    person = world.person("reader").person_id
    with world.database.writing() as connection:
        connection.exec_driver_sql("UPDATE people SET demo = 1 WHERE person_id = ?", (person,))
    vars(world.realm)["demo_allowed"] = False
    assert redeem(world, code).body["error"] == "invalid_grant"
    assert refresh(world, token).body["error"] == "invalid_grant"
