"""The store: what the audit sees, and fifty clerks with one code."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, text

from certificates.licences import UNREADABLE, digest_of
from certificates.presenting import hash_code
from certificates.store import CertificateStore, metadata
from certificates.store.tables import licences
from tests.certificates.world import NOW, City, failures

IMMUTABLE = [each.name for each in licences.c if each.name not in {"state", "state_changed_at"}]


def test_an_exhibit_repeats_what_the_record_says(city: City) -> None:
    issued = [city.issue() for _ in range(3)]
    exhibits = list(city.store.exhibits())
    assert [each.identifier for each in exhibits] == [each.licence.identifier for each in issued]
    for exhibit, each in zip(exhibits, issued, strict=True):
        assert exhibit.digest == digest_of(each.licence)
        assert exhibit.digest == city.records[each.record].fields["digest"]
        assert (exhibit.record, exhibit.state) == (each.record, "valid")


@pytest.mark.parametrize("column", IMMUTABLE)
def test_a_change_of_any_immutable_column_is_seen(city: City, column: str) -> None:
    city.issue()
    (before,) = city.store.exhibits()
    number = licences.c[column].type.python_type is int
    change = f"{column} + 1" if number else f"{column} || ' '"
    city.connection.execute(text(f"UPDATE licences SET {column} = {change}"))
    (after,) = city.store.exhibits()
    assert (after.digest, after.record) != (before.digest, before.record)


@pytest.mark.parametrize(
    "value", ["x'00ff'", "1.5", "9007199254740993", "'42'", "CAST(x'ff' AS TEXT)"]
)
def test_a_row_that_cannot_be_read_is_shown_as_such(city: City, value: str) -> None:
    first, second = city.issue().licence, city.issue().licence
    change = f"UPDATE licences SET holder_name = {value} WHERE identifier = :i"
    city.connection.execute(text(change), {"i": first.identifier})
    broken, good = city.store.exhibits()
    assert broken.digest != digest_of(first)
    assert (broken.identifier, good.digest) == (first.identifier, digest_of(second))


def test_text_that_is_not_utf8_makes_a_row_unreadable(city: City) -> None:
    city.issue()
    city.connection.execute(text("UPDATE licences SET identifier = CAST(x'ff' AS TEXT)"))
    (exhibit,) = city.store.exhibits()
    assert (exhibit.identifier, exhibit.digest) == (UNREADABLE, UNREADABLE)


def test_the_exhibits_are_complete_over_many_pages(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certificates.store._PAGE", 2)
    every = [city.issue().licence.identifier for _ in range(5)]
    assert [each.identifier for each in city.store.exhibits()] == every


def test_a_state_changes_only_from_the_state_it_was_read_in(city: City) -> None:
    identifier = city.issue().licence.identifier
    assert not city.store.change_state(identifier, "suspended", "valid", NOW)
    assert city.store.change_state(identifier, "valid", "revoked", NOW)
    assert not city.store.change_state(identifier, "valid", "suspended", NOW)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'city.db'}", pool_size=60)

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _entry: object) -> None:
        raw.isolation_level = None
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA busy_timeout=20000")

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    metadata.create_all(engine)
    yield engine
    engine.dispose()


@contextmanager
def writing(engine: Engine, records: dict[str, object]) -> Iterator[City]:
    with engine.begin() as connection:
        yield City(connection, records)  # type: ignore[arg-type]


def test_of_fifty_parallel_verifications_of_a_code_one_passes(file: Engine) -> None:
    records: dict[str, object] = {}
    with writing(file, records) as city:
        city.empower()
        shown = city.show(city.issue().licence.identifier)
    together = threading.Barrier(50)

    def attempt(_: int) -> dict[str, str | None]:
        together.wait()
        with writing(file, records) as city:
            return failures(city.verify(NOW + 1, code=shown.code))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(attempt, range(50)))
    assert answers.count({}) == 1
    assert answers.count({"shown": "used"}) == 49


def test_of_fifty_parallel_redemptions_one_succeeds(file: Engine) -> None:
    with writing(file, {}) as city:
        city.empower()
        found = city.store.find_licence(city.issue().licence.identifier)
        assert found
        shown = city.show(found.identifier)
    with writing(file, {}) as city:
        case = city.store.find_by_digits(hash_code(shown.digits), NOW)
        assert case
        assert case.code_hash
        code_hash = case.code_hash
    together = threading.Barrier(50)

    def redeem(_: int) -> bool:
        together.wait()
        with file.begin() as connection:
            return CertificateStore(connection).redeem(code_hash, NOW)

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(redeem, range(50))) == 1


def test_a_code_is_not_redeemed_after_its_end(file: Engine) -> None:
    with writing(file, {}) as city:
        city.empower()
        shown = city.show(city.issue().licence.identifier)
        assert not city.store.redeem(hash_code(shown.code), NOW + 60)
        assert city.store.redeem(hash_code(shown.code), NOW + 59)


def test_a_replaced_code_is_not_redeemed(city: City) -> None:
    licence = city.issue().licence.identifier
    old, new = city.show(licence), city.show(licence)
    assert not city.store.redeem(hash_code(old.code), NOW)
    assert city.store.redeem(hash_code(new.code), NOW)


def test_tries_are_counted_by_minute(city: City) -> None:
    assert [city.store.count_try("clerk", 7) for _ in range(3)] == [1, 2, 3]
    city.store.take_back_try("clerk")
    assert city.store.count_try("clerk", 7) == 3
    assert city.store.count_try("other", 7) == 1
    assert city.store.count_try("clerk", 8) == 1
