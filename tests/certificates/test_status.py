"""The status list: the draft's own vectors, and a list that follows the states."""

import zlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.errors import UnknownStatusList
from certificates.formats import compact
from certificates.issuing import change_state
from certificates.lifecycle import State
from certificates.status import LASTS, LENGTH, TTL, StatusLists, compress, pack, place_in_list
from tests.certificates.world import ADDRESS, MARKET, NOW, OFFICER, City, department

# draft-ietf-oauth-status-list §4.1
ONE_BIT = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
TWO_BITS = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]


@pytest.mark.parametrize(
    ("statuses", "bits", "packed", "lst"),
    [(ONE_BIT, 1, "b9a3", "eNrbuRgAAhcBXQ"), (TWO_BITS, 2, "c944f9", "eNo76fITAAPfAgc")],
)
def test_lists_are_packed_as_published(
    statuses: list[int], bits: int, packed: str, lst: str
) -> None:
    ours = pack(dict(enumerate(statuses)), len(statuses), bits)
    assert ours.hex() == packed
    assert compress(ours) == lst


@given(st.dictionaries(st.integers(0, 99), st.integers(0, 3)))
def test_every_status_is_found_at_its_place(statuses: dict[int, int]) -> None:
    packed = pack(statuses, 100)
    found = [packed[place // 4] >> place % 4 * 2 & 3 for place in range(100)]
    assert found == [statuses.get(place, 0) for place in range(100)]


@pytest.fixture
def lists() -> StatusLists:
    return StatusLists(department(MARKET), ADDRESS)


def read(token: str) -> Mapping[str, Any]:
    header, payload, signature = token.split(".")
    signed = f"{header}.{payload}".encode()
    compact.verify_es256(signed, compact.decode(signature), department(MARKET).key.public_key())
    assert compact.load_object(compact.decode(header))["typ"] == "statuslist+jwt"
    return compact.load_object(compact.decode(payload))


def statuses(token: str) -> dict[int, int]:
    lst = read(token)["status_list"]
    assert lst["bits"] == 2
    packed = zlib.decompress(compact.decode(lst["lst"]))
    assert len(packed) == LENGTH // 4
    every = {place: packed[place // 4] >> place % 4 * 2 & 3 for place in range(8)}
    return {place: status for place, status in every.items() if status}


def change(city: City, identifier: str, new: State) -> None:
    change_state(city.store, identifier, new, "检查", OFFICER, city.append, NOW)


def test_the_list_follows_the_states(city: City, lists: StatusLists) -> None:
    identifiers = [city.issue().licence.identifier for _ in range(3)]
    assert statuses(lists.token(city.store, 0, NOW)) == {}
    change(city, identifiers[1], "suspended")
    change(city, identifiers[2], "revoked")
    assert statuses(lists.token(city.store, 0, NOW)) == {1: 2, 2: 1}
    change(city, identifiers[1], "valid")
    assert statuses(lists.token(city.store, 0, NOW)) == {2: 1}


def test_the_claims_are_those_of_the_draft(city: City, lists: StatusLists) -> None:
    claims = read(lists.token(city.store, 0, NOW))
    assert claims["sub"] == f"{ADDRESS}/status-lists/0"
    assert (claims["iat"], claims["exp"], claims["ttl"]) == (NOW, NOW + LASTS, TTL)


def test_a_list_is_kept_until_it_changes_or_grows_stale(city: City, lists: StatusLists) -> None:
    first = lists.token(city.store, 0, NOW)
    city.issue()
    assert lists.token(city.store, 0, NOW + TTL - 1) == first
    second = lists.token(city.store, 0, NOW + TTL)
    assert read(second)["iat"] == NOW + TTL
    assert read(second)["status_list"] == read(first)["status_list"]


@pytest.mark.parametrize("number", [-1, 1, 10**9])
def test_a_list_without_licences_is_unknown(city: City, lists: StatusLists, number: int) -> None:
    city.issue()
    with pytest.raises(UnknownStatusList):
        lists.token(city.store, number, NOW)


def test_a_list_begins_with_its_first_licence(
    city: City, lists: StatusLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certificates.status.LENGTH", 2)
    city.issue()
    city.issue()
    with pytest.raises(UnknownStatusList):
        lists.token(city.store, 1, NOW)
    city.issue()
    assert read(lists.token(city.store, 1, NOW))["sub"] == f"{ADDRESS}/status-lists/1"


def test_a_place_is_a_list_and_an_index() -> None:
    assert place_in_list(LENGTH - 1, ADDRESS) == (f"{ADDRESS}/status-lists/0", LENGTH - 1)
    assert place_in_list(LENGTH, ADDRESS) == (f"{ADDRESS}/status-lists/1", 0)
