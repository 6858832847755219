"""Codes: their form, their minute, their digits."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from certificates.errors import (
    NoGround,
    NotTheHolder,
    PowerMissing,
    UnknownLicence,
    UnknownMatter,
)
from certificates.presenting import are_digits, hash_code, is_code, show
from certificates.store.tables import shows
from tests.certificates.world import COMPANY_ACTOR, MATTER, NOW, OFFICER, City, failures


@pytest.fixture
def identifier(city: City) -> str:
    return city.issue().licence.identifier


def constant(data: bytes) -> Callable[[int], bytes]:
    return lambda size: (data * size)[:size]


def test_a_code_has_128_bits_and_six_digits_and_lives_a_minute(city: City, identifier: str) -> None:
    shown = city.show(identifier)
    assert is_code(shown.code)
    assert are_digits(shown.digits)
    assert (shown.made_at, shown.expires_at) == (NOW, NOW + 60)
    use = city.records[shown.record]
    assert (use.kind, use.holder_id, use.fields["licence"]) == ("show", "company", identifier)


def test_neither_code_nor_digits_are_kept(city: City, identifier: str) -> None:
    shown = city.show(identifier)
    row = city.connection.execute(select(shows)).one()
    assert (row.code_hash, row.digits_hash) == (hash_code(shown.code), hash_code(shown.digits))
    everything = str(city.connection.execute(text("SELECT * FROM licence_shows")).all())
    assert shown.code not in everything
    assert shown.digits not in everything


def test_no_record_holds_the_code(city: City, identifier: str) -> None:
    shown = city.show(identifier)
    written = str(city.records[shown.record])
    assert shown.code not in written
    assert shown.digits not in written


def test_a_newer_code_replaces_the_older(city: City, identifier: str) -> None:
    old, new = city.show(identifier), city.show(identifier, now=NOW + 1)
    assert failures(city.verify(NOW + 1, code=old.code)) == {"shown": "replaced"}
    assert city.verify(NOW + 1, code=new.code).passed


def test_a_code_of_another_licence_stays_alive(city: City, identifier: str) -> None:
    old = city.show(identifier)
    city.show(city.issue().licence.identifier)
    assert city.verify(code=old.code).passed


@pytest.mark.parametrize(("later", "free"), [(299, False), (300, True)])
def test_digits_are_free_again_when_their_code_is_long_dead(
    city: City, identifier: str, later: int, *, free: bool
) -> None:
    first = constant(b"\x01")
    other = city.issue().licence.identifier
    shown = show(city.store, identifier, COMPANY_ACTOR, None, city.append, NOW, first)

    def draw(size: int) -> bytes:
        # A code is drawn by 16 bytes, digits by 8.
        return b"\x02" * 16 if size == 16 else b"\x01" * 8

    def again() -> str:
        return show(city.store, other, COMPANY_ACTOR, None, city.append, NOW + later, draw).digits

    if free:
        assert again() == shown.digits
    else:
        with pytest.raises(RuntimeError):
            again()


def test_digits_that_are_taken_are_drawn_again(city: City, identifier: str) -> None:
    shown = show(city.store, identifier, COMPANY_ACTOR, None, city.append, NOW, constant(b"\1"))
    draws = iter([b"\2" * 16, b"\1" * 8, b"\1" * 8, b"\3" * 8])
    other = city.issue().licence.identifier
    second = show(
        city.store, other, COMPANY_ACTOR, None, city.append, NOW, lambda _size: next(draws)
    )
    assert second.digits != shown.digits


def test_only_the_holder_shows(city: City, identifier: str) -> None:
    def attempt(**changes: object) -> None:
        who = replace(COMPANY_ACTOR, **changes)  # type: ignore[arg-type]
        show(city.store, identifier, who, None, city.append, NOW, constant(b"x"))

    with pytest.raises(UnknownLicence):
        attempt(party_id="another-company")
    with pytest.raises(NotTheHolder):
        attempt(party_id=OFFICER.party_id)
    with pytest.raises(PowerMissing):
        attempt(powers=frozenset({"verify"}))
    assert city.kinds() == ["issue"]


def test_a_code_is_made_only_for_a_matter_with_ground(city: City, identifier: str) -> None:
    assert city.records[city.show(identifier, MATTER).record].fields["matter"] == MATTER
    with pytest.raises(NoGround):
        city.show(identifier, "birth")
    with pytest.raises(UnknownMatter):
        city.show(identifier, "picnic")
