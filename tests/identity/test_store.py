"""The statements that decide between requests that race: one suite for both databases."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from identity.apps.options import Options
from identity.asking.decoupled import DEVICE, Decoupled
from identity.asking.flow import Flow
from identity.authorization.authorizing import Ask, authorize
from identity.errors import BadAuthorizeRequest, SignInRefused
from identity.issued.authorizations import Authorization
from identity.operating.registry import add_person
from identity.people.mandates import Mandate, Signature
from identity.people.passkeys import Passkey, Use
from identity.people.scans import id_of
from identity.people.sessions import IDLE_SECONDS
from identity.people.visits import Visit
from identity.sign_in import METHODS, password
from identity.sign_in.methods import Asking
from identity.sign_in.scanning import approve, begin_scan, refuse
from identity.store import IdentityStore
from identity.upstreams.records import Link, Trip, hash_secret
from tests.identity.browser import query, request_of
from tests.identity.flows import redeem_in, tokens_in
from tests.identity.world import EVERYTHING, PASSWORD, START, World, make_world
from tests.tools_found import postgres

CODE_ENDS, ENDS = START + 60, START + 100
TRIES = 50


@pytest.fixture(scope="session")
def on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("postgres")
    with postgres(folder / "server") as url:
        made = make_world(folder, url=url)
        yield made
        made.database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def city(request: pytest.FixtureRequest) -> World:
    """A world on each database; times go on, so that tests do not meet."""
    name = {"sqlite": "world", "postgres": "on_postgres"}[request.param]
    found: World = request.getfixturevalue(name)
    found.clock.now += 3600
    return found


@contextmanager
def undone(city: World) -> Iterator[IdentityStore]:
    """A transaction of which nothing stays."""
    with suppress(ZeroDivisionError), city.realm.writing() as store:
        yield store
        raise ZeroDivisionError


def row_in(city: World) -> Authorization:
    person = city.person("agent").person_id
    return Authorization(
        authorization_id="a" * 32,
        client_id="web",
        person_id=person,
        party_id=person,
        session_id="s",
        redirect_uri="r",
        scopes=frozenset({"openid", "profile"}),
        nonce=None,
        code_challenge="h",
        auth_time=START,
        acr="acr",
        code_expires_at=CODE_ENDS,
        expires_at=ENDS,
    )


def test_an_authorization_comes_back_as_it_went_in(city: World) -> None:
    row = row_in(city)
    with undone(city) as store:
        store.authorizations.add(row)
        assert store.authorizations.find(row.authorization_id) == row
        assert store.authorizations.find("b" * 32) is None


@pytest.mark.parametrize(("now", "works"), [(CODE_ENDS - 1, True), (CODE_ENDS, False)])
def test_a_code_is_redeemed_once_and_in_time(city: World, now: int, works: bool) -> None:
    row = row_in(city)
    with undone(city) as store:
        store.authorizations.add(row)
        redeemed = store.authorizations.redeem(row.authorization_id, now)
        assert redeemed == (dataclasses.replace(row, redeemed_at=now) if works else None)
        assert store.authorizations.redeem(row.authorization_id, now) is None


def test_a_revoked_code_is_not_redeemed(city: World) -> None:
    row = row_in(city)
    with undone(city) as store:
        store.authorizations.add(row)
        store.authorizations.revoke(row.authorization_id, START)
        assert store.authorizations.redeem(row.authorization_id, START) is None


@pytest.mark.parametrize(("now", "works"), [(ENDS - 1, True), (ENDS, False)])
def test_a_refresh_token_is_used_once_and_in_time(city: World, now: int, works: bool) -> None:
    row = row_in(city)
    with undone(city) as stores:
        store = stores.authorizations
        store.add(row)
        assert store.refresh(row.authorization_id, 0, now) is None  # the code was not redeemed
        store.redeem(row.authorization_id, START)
        assert store.refresh(row.authorization_id, 1, now) is None
        assert (store.refresh(row.authorization_id, 0, now) is not None) is works
        assert store.refresh(row.authorization_id, 0, now) is None
        store.revoke_of_session("s", now)
        assert store.refresh(row.authorization_id, 1, START) is None


def test_names_of_different_owners_do_not_meet(city: World) -> None:
    with undone(city) as store:
        assert not store.replays.is_used("kind", "owner", "name")
        assert store.replays.use("kind", "owner", "name", ENDS)
        assert not store.replays.use("kind", "owner", "name", ENDS)
        assert store.replays.use("kind", "other", "name", ENDS)
        assert store.replays.is_used("kind", "owner", "name")


def test_two_terminals_never_have_one_code(city: World) -> None:
    asked = Decoupled(
        request_id="a" * 32,
        kind=DEVICE,
        client_id="public",
        scopes=frozenset({"openid"}),
        created_at=START,
        expires_at=ENDS,
        user_code=b"sealed",
    )
    with undone(city) as store:
        assert store.decoupled.add(asked)
        assert not store.decoupled.add(dataclasses.replace(asked, request_id="b" * 32))


def test_a_person_signs_a_mandate_once(city: World) -> None:
    one, other = city.person("agent").person_id, city.person("reader").person_id
    powers, mandate_id = frozenset({"licences"}), "m" * 32
    mandate = Mandate(mandate_id, other, city.company_id(), "agent", powers, START)
    with undone(city) as store:
        store.mandates.add(dataclasses.replace(mandate, signatures_missing=2))
        assert store.mandates.sign(mandate_id, Signature(one, ""), START)
        assert not store.mandates.sign(mandate_id, Signature(one, ""), START)
        assert store.mandates.sign(mandate_id, Signature(other, ""), START)


def test_a_token_may_be_taken_back_twice(city: World) -> None:
    with undone(city) as store:
        for _ in range(2):
            store.authorizations.revoke_token("jti", ENDS)


def test_consent_is_kept_per_party_and_replaced(city: World) -> None:
    person = city.person("agent").person_id
    with undone(city) as store:
        store.clients.save_consent(person, "c", "web", frozenset({"openid"}), START)
        store.clients.save_consent(person, "c", "web", frozenset({"openid", "profile"}), START)
        assert store.clients.find_consent(person, "c", "web") == {"openid", "profile"}
        assert store.clients.find_consent(person, person, "web") == frozenset()
        assert store.clients.find_consent(person, "c", "other") == frozenset()


def test_of_many_redemptions_at_once_exactly_one_succeeds(city: World) -> None:
    _, code = tokens_in(city, redeem=False)
    with ThreadPoolExecutor(TRIES) as pool:
        answers = list(pool.map(lambda _: redeem_in(city, code).status, range(TRIES)))
    assert sorted(answers) == [200] + [400] * (TRIES - 1)


def test_many_refreshes_at_once_have_one_successor(city: World) -> None:
    tokens, _ = tokens_in(city, "openid legal_person offline_access")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    with ThreadPoolExecutor(TRIES) as pool:
        answers = list(pool.map(lambda _: redeem_in(city, **form).body, range(TRIES)))
    assert len({answer["refresh_token"] for answer in answers}) == 1


def test_a_name_is_used_up_once(city: World) -> None:
    name = city.realm.fresh_id()

    def use(_: int) -> bool:
        with city.working() as work:
            return work.store.replays.use("kind", "owner", name, city.clock.now + 60)

    with ThreadPoolExecutor(TRIES) as pool:
        assert list(pool.map(use, range(TRIES))).count(True) == 1
    with city.working() as work:
        uses = work.store.replays
        assert uses.is_used("kind", "owner", name)
        assert uses.use("kind", "other owner", name, city.clock.now + 60)
        assert not uses.is_used("other kind", "owner", name)


def test_one_pushed_request_gives_one_code(city: World) -> None:
    company = city.company_id()
    _, signed_in = city.sign_in("agent", company)
    with city.working() as work:
        person = signed_in.person.person_id
        work.store.clients.save_consent(person, company, "web", EVERYTHING, work.now)
    flow = Flow(query(request_of()), city.clock.now, pushed=city.realm.fresh_id())

    def ask(_: int) -> bool:
        try:
            with city.working() as work:
                return not isinstance(authorize(work, flow, signed_in), Ask)
        except BadAuthorizeRequest:
            return False

    with ThreadPoolExecutor(TRIES) as pool:
        answers = list(pool.map(ask, range(4 * TRIES)))
    assert answers.count(True) == 1


def test_wrong_passwords_at_once_are_all_counted(city: World, tmp_path: Path) -> None:
    def attempt(_: int) -> int:
        form = {"account": f"ghost of {tmp_path.name}", "password": "wrong"}
        try:
            METHODS[password.NAME].prove(city.realm, form, Asking("10.9.9.9"))
        except SignInRefused as refused:
            return refused.tries_left
        except Exception:  # noqa: BLE001
            return -1
        raise AssertionError

    with ThreadPoolExecutor(8) as pool:
        left = sorted(pool.map(attempt, range(8)))
    assert left == [-1, -1, -1, 0, 1, 2, 3, 4]


def test_nothing_stays_of_a_registration_that_was_refused(city: World) -> None:
    with pytest.raises(ZeroDivisionError), city.working() as work:
        number = "12010119290909006X"
        add_person(work, account="half", name="演示", citizen_number=number, password=PASSWORD)
        raise ZeroDivisionError
    with city.working() as work:
        assert work.store.people.find_account("half") is None
        assert work.store.housekeeping.forget_ended(work.now) >= 0


def test_a_name_is_used_once(city: World) -> None:
    with undone(city) as store:
        used = [store.replays.use("kind", "owner", "name", ENDS) for _ in range(2)]
    assert used == [True, False]


def test_sign_ins_that_are_over_are_closed_once(city: World) -> None:
    _, signed_in = city.sign_in("reader")
    session, now = signed_in.session.session_id, city.clock.now
    with undone(city) as store:
        assert session not in store.ends.close_over(now + IDLE_SECONDS - 1, 100)
        assert store.ends.are_over(now + IDLE_SECONDS)
        assert session in store.ends.close_over(now + IDLE_SECONDS, 100)
        assert session not in store.ends.close_over(now + IDLE_SECONDS, 100)


@pytest.mark.parametrize("scope", ["openid", "openid offline_access profile"])
def test_what_was_allowed_without_the_person_outlives_the_sign_in(city: World, scope: str) -> None:
    row = dataclasses.replace(row_in(city), scopes=frozenset(scope.split()))
    with undone(city) as store:
        store.authorizations.add(row)
        store.ends.revoke_online([row.session_id], START)
        found = store.authorizations.find(row.authorization_id)
        assert found is not None
        assert (found.revoked_at is None) == ("offline_access" in scope)


def test_an_app_that_listens_is_found_once_for_each_party(city: World) -> None:
    listens = Options(backchannel_logout_uri="https://app.example/logout")
    rows = [
        dataclasses.replace(row_in(city), authorization_id=f"{n:032x}", party_id="p")
        for n in (1, 2, 3)
    ]
    with undone(city) as store:
        web = store.clients.find("web")
        assert web is not None
        store.clients.replace(dataclasses.replace(web, options=listens))
        for row in rows:
            store.authorizations.add(row)
            store.authorizations.redeem(row.authorization_id, START)
        (told,) = store.ends.apps_to_tell([row.session_id for row in rows])
        assert (told.client_id, told.address) == ("web", listens.backchannel_logout_uri)
        assert store.ends.apps_to_tell(["another sign-in"]) == []


def test_of_many_answers_to_a_waiting_desktop_one_counts_and_one_is_fetched(city: World) -> None:
    _, signed_in = city.sign_in("agent")
    secret = f"secret {city.clock.now}"
    with city.working() as work:
        scan = begin_scan(work, secret, "", Visit(), fresh=False)

    def answer(number: int) -> bool:
        with city.working() as work:
            return approve(work, scan, signed_in) if number % 2 else refuse(work, scan)

    def fetch(_: int) -> bool:
        with city.working() as work:
            return work.store.scans.collect(id_of(secret), work.now) is not None

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(answer, range(TRIES))) == 1
        fetched = sum(pool.map(fetch, range(TRIES)))
    with city.working() as work:
        found = work.store.scans.find(scan.scan_id)
    assert found is not None
    assert (found.state, fetched) in {("used", 1), ("refused", 0)}


def test_of_many_answers_of_another_provider_one_ends_the_trip(city: World) -> None:
    state = hash_secret(f"state {city.clock.now}")
    with city.working() as work:
        trip = Trip(state, b"b", "gov", "{}", fresh=False, made_at=work.now, expires_at=ENDS * 2)
        work.store.upstreams.begin(trip)

    def end(_: int) -> bool:
        with city.working() as work:
            return work.store.upstreams.end(state, b"b", "gov", work.now) is not None

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(end, range(TRIES))) == 1


def test_of_many_signatures_with_one_count_one_counts(city: World) -> None:
    person, key = city.person("agent").person_id, f"key {city.clock.now}".encode()
    passkey = Passkey(key, person, b"cose", 4, False, False, "", "", START)
    with city.working() as work:
        assert work.store.passkeys.add(passkey, "name")
        assert not work.store.passkeys.add(passkey, "again")

    def use(_: int) -> bool:
        with city.working() as work:
            return work.store.passkeys.use(key, Use(5, False, False), work.now)

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(use, range(TRIES))) == 1
    with city.working() as work:
        work.store.passkeys.remove_all(person)


def test_an_account_elsewhere_stands_for_one_person(city: World) -> None:
    agent, reader = city.person("agent").person_id, city.person("reader").person_id
    with undone(city) as store:
        assert store.upstreams.link(Link(b"one", "gov", agent, START))
        assert not store.upstreams.link(Link(b"one", "gov", reader, START))
        assert not store.upstreams.link(Link(b"two", "gov", agent, START))
        assert store.upstreams.use_link(b"one", START) == agent
        assert store.upstreams.unlink(agent, "gov")
        assert not store.upstreams.unlink(agent, "gov")
        assert store.upstreams.use_link(b"one", START) is None
