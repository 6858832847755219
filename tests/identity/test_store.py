"""The statements that decide between requests that race, each on its own."""

import dataclasses

import pytest

from identity.authorizations import Authorization
from tests.identity.world import START, World

CODE_ENDS, ENDS = START + 60, START + 100
ROW = Authorization(
    authorization_id="a" * 32,
    client_id="web",
    person_id="p",
    party_id="c",
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


def test_an_authorization_comes_back_as_it_went_in(world: World) -> None:
    with world.working() as work:
        work.store.authorizations.add(ROW)
        assert work.store.authorizations.find(ROW.authorization_id) == ROW
        assert work.store.authorizations.find("b" * 32) is None


@pytest.mark.parametrize(("now", "works"), [(CODE_ENDS - 1, True), (CODE_ENDS, False)])
def test_a_code_is_redeemed_once_and_in_time(world: World, now: int, works: bool) -> None:
    with world.working() as work:
        store = work.store.authorizations
        store.add(ROW)
        redeemed = store.redeem(ROW.authorization_id, now)
        assert redeemed == (dataclasses.replace(ROW, redeemed_at=now) if works else None)
        assert store.redeem(ROW.authorization_id, now) is None


def test_a_revoked_code_is_not_redeemed(world: World) -> None:
    with world.working() as work:
        store = work.store.authorizations
        store.add(ROW)
        store.revoke(ROW.authorization_id, START)
        assert store.redeem(ROW.authorization_id, START) is None


@pytest.mark.parametrize(("now", "works"), [(ENDS - 1, True), (ENDS, False)])
def test_a_refresh_token_is_used_once_and_in_time(world: World, now: int, works: bool) -> None:
    with world.working() as work:
        store = work.store.authorizations
        store.add(ROW)
        assert store.refresh(ROW.authorization_id, 0, now) is None  # the code was not redeemed
        store.redeem(ROW.authorization_id, START)
        assert store.refresh(ROW.authorization_id, 1, now) is None
        assert (store.refresh(ROW.authorization_id, 0, now) is not None) is works
        assert store.refresh(ROW.authorization_id, 0, now) is None
        store.revoke_of_session("s", now)
        assert store.refresh(ROW.authorization_id, 1, START) is None


def test_a_token_may_be_taken_back_twice(world: World) -> None:
    with world.working() as work:
        for _ in range(2):
            work.store.authorizations.revoke_token("jti", ENDS)


def test_consent_is_kept_per_party_and_replaced(world: World) -> None:
    with world.working() as work:
        store = work.store.clients
        store.save_consent("p", "c", "web", frozenset({"openid"}), START)
        store.save_consent("p", "c", "web", frozenset({"openid", "profile"}), START)
        assert store.find_consent("p", "c", "web") == {"openid", "profile"}
        assert store.find_consent("p", "p", "web") == frozenset()
        assert store.find_consent("p", "c", "other") == frozenset()
