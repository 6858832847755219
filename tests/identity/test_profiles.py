"""What each profile wants of its apps."""

import pytest

from identity.apps.clients import (
    AUTH_METHODS,
    BASIC,
    COMPATIBLE,
    FAPI2,
    NO_SECRET,
    POST,
    PROFILES,
    SERVICE,
    SIGNED,
    STANDARD,
)
from identity.apps.profiles import POLICIES, check_profile
from identity.errors import BadClient
from identity.operating.registry import NewClient, add_client
from tests.identity.signing import JWKS
from tests.identity.world import COMPANY_CODE, World


def test_every_profile_has_rules() -> None:
    assert set(POLICIES) == set(PROFILES)


@pytest.mark.parametrize(
    ("profile", "method", "allowed"),
    [(STANDARD, method, True) for method in AUTH_METHODS]
    + [(COMPATIBLE, BASIC, True), (COMPATIBLE, NO_SECRET, False)]
    + [(FAPI2, SIGNED, True), (FAPI2, BASIC, False), (FAPI2, POST, False)]
    + [(FAPI2, NO_SECRET, False), ("fapi1", SIGNED, False)],
)
def test_a_profile_accepts_the_proofs_it_names(profile: str, method: str, *, allowed: bool) -> None:
    if allowed:
        assert method in check_profile(profile, method).auth_methods
    else:
        with pytest.raises(BadClient):
            check_profile(profile, method)


def test_a_bank_pushes_binds_and_signs_with_what_fapi_allows() -> None:
    policy = POLICIES[FAPI2]
    assert policy.pushed
    assert policy.bound
    assert policy.proof_key
    assert policy.plain_audience
    assert not policy.rotates
    assert "RS256" not in (*policy.algorithms, *policy.id_token_algs)


def test_an_operator_registers_a_bank_with_its_keys_only(world: World) -> None:
    scopes = frozenset({"licence.verify"})
    new = NewClient("bank", "演示·银行", COMPANY_CODE, SERVICE, scopes, profile=FAPI2)
    with world.working() as work, pytest.raises(BadClient):
        add_client(work, new)
    new = NewClient("bank", "演示·银行", COMPANY_CODE, SERVICE, scopes, profile=FAPI2, jwks=JWKS)
    with world.working() as work:
        client, secret = add_client(work, new)
    assert client.auth_method == SIGNED
    assert not secret
