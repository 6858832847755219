"""Requests that wait elsewhere, as rows: one suite for both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from identity.asking.decoupled import (
    CIBA,
    DEVICE,
    INTERVAL_SECONDS,
    SLOWER_SECONDS,
    Decoupled,
    seal_user_code,
)
from identity.store.housekeeping import ANSWER_SECONDS
from tests.identity.test_store import TRIES, city, on_postgres  # noqa: F401  # fixtures
from tests.identity.world import World

LIFE = 600


def row_in(world: World, kind: str = DEVICE, person_id: str = "") -> Decoupled:
    now = world.clock.now
    return Decoupled(
        request_id=world.realm.fresh_id(),
        kind=kind,
        client_id="web",
        scopes=frozenset({"openid", "profile"}),
        created_at=now,
        expires_at=now + LIFE,
        person_id=person_id,
        message="窗口 7 号",
    )


def add(world: World, row: Decoupled) -> Decoupled:
    with world.working() as work:
        assert work.store.decoupled.add(row)
    return row


def test_a_request_comes_back_as_it_went_in(city: World) -> None:  # noqa: F811
    row = add(city, row_in(city))
    with city.working() as work:
        assert work.store.decoupled.find(row.request_id) == row
        assert work.store.decoupled.find("f" * 32) is None


def test_a_user_code_belongs_to_one_request_that_waits(city: World) -> None:  # noqa: F811
    code = seal_user_code(city.realm.seals, city.realm.fresh_id()[:8])
    row = add(city, replace(row_in(city), user_code=code))
    with city.working() as work:
        store = work.store.decoupled
        assert not store.add(replace(row_in(city), user_code=code))
        assert store.find_user_code(code, row.expires_at - 1) == row
        assert store.find_user_code(code, row.expires_at) is None
        assert store.decide(row.request_id, None, work.now)
        assert store.find_user_code(code, work.now) is None


def test_what_waits_for_a_person_the_latest_first(city: World) -> None:  # noqa: F811
    person = city.realm.fresh_id()
    first = add(city, row_in(city, CIBA, person))
    city.clock.now += 1
    second = add(city, row_in(city, CIBA, person))
    add(city, row_in(city, CIBA, city.realm.fresh_id()))
    with city.working() as work:
        store = work.store.decoupled
        assert list(store.of_person(person, work.now, 9)) == [second, first]
        assert list(store.of_person(person, work.now, 1)) == [second]
        assert list(store.of_person(person, first.expires_at, 9)) == [second]
        assert store.decide(second.request_id, None, work.now)
        assert list(store.of_person(person, work.now, 9)) == [first]


def test_polls_are_timed_by_the_row(city: World) -> None:  # noqa: F811
    row = add(city, row_in(city))
    now = city.clock.now

    def poll(at: int) -> Decoupled:
        with city.working() as work:
            found = work.store.decoupled.poll(row.request_id, "web", at)
        assert found
        return found

    assert not poll(now).hurried
    slow = poll(now + INTERVAL_SECONDS - 1)
    assert slow.hurried
    assert slow.interval == INTERVAL_SECONDS + SLOWER_SECONDS
    patient = poll(now + INTERVAL_SECONDS - 1 + slow.interval)
    assert not patient.hurried
    assert patient.interval == slow.interval
    with city.working() as work:
        assert work.store.decoupled.poll(row.request_id, "other", now) is None


@pytest.mark.parametrize(("age", "counts"), [(LIFE - 1, True), (LIFE, False)])
def test_an_answer_comes_in_time(city: World, age: int, counts: bool) -> None:  # noqa: F811
    row = add(city, row_in(city))
    with city.working() as work:
        assert work.store.decoupled.decide(row.request_id, "a", row.created_at + age) is counts


def test_of_many_answers_at_once_one_counts(city: World) -> None:  # noqa: F811
    row = add(city, row_in(city))

    def decide(number: int) -> bool:
        with city.working() as work:
            return work.store.decoupled.decide(row.request_id, str(number), work.now)

    with ThreadPoolExecutor(TRIES) as pool:
        counted = list(pool.map(decide, range(TRIES)))
    assert sum(counted) == 1
    with city.working() as work:
        found = work.store.decoupled.find(row.request_id)
    assert found
    assert found.authorization_id == str(counted.index(True))


def test_of_many_polls_at_once_one_is_in_time(city: World) -> None:  # noqa: F811
    row = add(city, row_in(city))

    def poll(_: int) -> bool:
        with city.working() as work:
            found = work.store.decoupled.poll(row.request_id, "web", work.now)
        assert found
        return not found.hurried

    with ThreadPoolExecutor(TRIES) as pool:
        assert sum(pool.map(poll, range(TRIES))) == 1


def test_a_request_is_forgotten_an_hour_after_its_end(city: World) -> None:  # noqa: F811
    row = add(city, row_in(city))
    for at, kept in (
        (row.expires_at + ANSWER_SECONDS - 1, True),
        (row.expires_at + ANSWER_SECONDS, False),
    ):
        with city.working() as work:
            work.store.housekeeping.forget_ended(at)
            assert (work.store.decoupled.find(row.request_id) is not None) is kept
