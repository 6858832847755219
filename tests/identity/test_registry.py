"""What an operator registers, and what is refused before it is."""

import dataclasses

import pytest

from identity.apps.clients import PUBLIC, SERVICE, WEB
from identity.errors import (
    AlreadyRegistered,
    BadClient,
    BadNumber,
    BadRegistration,
    NotRegistered,
)
from identity.operating.registry import (
    NewClient,
    add_client,
    add_legal_person,
    add_mandate,
    add_person,
    find_party,
    list_clients,
    revoke_mandate,
    rotate_secret,
)
from identity.store.housekeeping import KEPT_SECONDS
from tests.identity.world import COMPANY, COMPANY_CODE, PERSON_NUMBER, REDIRECT, World, world_bytes

NEW = NewClient("new", "演示·新应用", COMPANY_CODE, WEB, frozenset({"openid"}), (REDIRECT,))
NUMBER = "12010119290909006X"


def test_a_person_is_found_by_number_and_name_together(world: World) -> None:
    with world.working() as work:
        found = find_party(work, f" {PERSON_NUMBER} ", "演示·李明")
        assert found is not None
        assert not found.is_legal_person
        assert found.code == ""
        assert find_party(work, PERSON_NUMBER, "演示·李") is None
        body = find_party(work, COMPANY_CODE, COMPANY)
        assert body is not None
        assert body.is_legal_person
        for code in ("", "\0", "演示", NUMBER, COMPANY_CODE[:-1]):
            assert find_party(work, code, COMPANY) is None


def test_no_citizen_number_rests_readable(world: World) -> None:
    assert PERSON_NUMBER.encode() not in world_bytes(world)
    assert "演示·李明".encode() in world_bytes(world)


def test_account_number_and_code_are_unique(world: World) -> None:
    person = {"name": "演示", "password": "long enough for us"}
    taken = (
        {"account": "PERSON", "citizen_number": NUMBER},
        {"account": "x", "citizen_number": PERSON_NUMBER},
    )
    for fields in taken:
        with pytest.raises(AlreadyRegistered), world.working() as work:
            add_person(work, **person, **fields)
    with pytest.raises(AlreadyRegistered), world.working() as work:
        add_legal_person(work, code=COMPANY_CODE.lower(), name="演示")
    with pytest.raises(AlreadyRegistered), world.working() as work:
        add_client(work, dataclasses.replace(NEW, client_id="web"))


def test_what_cannot_be_is_not_registered(world: World) -> None:
    with world.working() as work:
        for number in (NUMBER[:-1] + "1", "1"):
            with pytest.raises(BadNumber):
                add_person(work, account="x", name="x", citizen_number=number, password="x" * 12)
        for password in ("x" * 11, "x" * 257):
            with pytest.raises(BadRegistration):
                add_person(work, account="x", name="x", citizen_number=NUMBER, password=password)
        with pytest.raises(BadNumber):
            add_legal_person(work, code=COMPANY_CODE[:-1] + "1", name="x")
        with pytest.raises(BadRegistration):
            add_mandate(work, account="person", code=COMPANY_CODE, role="king", powers=["issue"])
        for powers in ([], ["everything"]):
            with pytest.raises(BadRegistration):
                add_mandate(work, account="person", code=COMPANY_CODE, role="agent", powers=powers)
        for account, code in (("nobody", COMPANY_CODE), ("person", "x")):
            with pytest.raises(NotRegistered):
                add_mandate(work, account=account, code=code, role="agent", powers=["issue"])


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "native"},
        {"auth_method": "private_key_jwt"},
        {"kind": PUBLIC, "auth_method": "client_secret_basic"},
        {"auth_method": "none"},
        {"client_id": "a b"},
        {"client_id": "演示"},
        {"scopes": frozenset()},
        {"scopes": frozenset({"everything"})},
        {"redirect_uris": ()},
        {"kind": SERVICE},
        {"redirect_uris": ("http://app.example/cb",)},
        {"logout_uris": ("javascript:alert(1)",)},
    ],
)
def test_an_unsound_client_is_not_registered(world: World, changes: dict[str, object]) -> None:
    with world.working() as work, pytest.raises(BadClient):
        add_client(work, dataclasses.replace(NEW, **changes))  # type: ignore[arg-type]


@pytest.mark.line(21)
def test_a_secret_has_256_bits_and_is_told_once(world: World) -> None:
    with world.working() as work:
        client, secret = add_client(work, NEW)
        assert len(bytes.fromhex(secret)) == 32
        assert client.has_secret(secret, work.now)
        assert not client.has_secret(secret + "0", work.now)
        assert all(known.secret_hash is None for known in list_clients(work))
        _, nothing = add_client(work, dataclasses.replace(NEW, client_id="p", kind=PUBLIC))
        assert nothing == ""
        assert rotate_secret(work, "new") != secret
        for unknown in ("p", "nobody"):
            with pytest.raises(NotRegistered):
                rotate_secret(work, unknown)
    assert secret.encode() not in world_bytes(world)


def test_an_owner_must_exist(world: World) -> None:
    with world.working() as work, pytest.raises(NotRegistered):
        add_client(work, dataclasses.replace(NEW, owner_code="x"))


def test_a_mandate_is_revoked_once(world: World) -> None:
    with world.working() as work:
        mandate = add_mandate(
            work, account="person", code=COMPANY_CODE, role="clerk", powers=["verify"]
        )
        assert mandate in work.store.mandates.live_at(work.now)
        assert revoke_mandate(work, mandate.mandate_id).revoked_at == work.now
        assert mandate not in work.store.mandates.live_at(work.now)
        with pytest.raises(NotRegistered):
            revoke_mandate(work, mandate.mandate_id)


def test_what_ended_long_ago_is_forgotten_and_nothing_else(world: World) -> None:
    world.sign_in("agent", world.company_id())
    with world.working() as work:
        assert work.store.housekeeping.forget_ended(work.now + 12 * 3600 + KEPT_SECONDS - 1) == 0
        assert work.store.housekeeping.forget_ended(work.now + 12 * 3600 + KEPT_SECONDS) == 1
