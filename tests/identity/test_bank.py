"""A bank goes through a whole flow of FAPI 2.0: what is left of the plan beside its parts."""

import json
from typing import Any

import httpx
import pytest

from identity.issued.authorizations import CODE_SECONDS
from tests.identity.browser import request_of
from tests.identity.conftest import Site
from tests.identity.holding import Holder, claims_of
from tests.identity.pushing import BANK, add_bank, pushed
from tests.identity.signing import assertion, proving
from tests.identity.test_pushing import holder_at

module, line = pytest.mark.module, pytest.mark.line
FINAL = "fapi2-security-profile-final-"
LEVEL = "urn:haihe:acr:level2"


@pytest.fixture
def bank(site: Site) -> Site:
    add_bank(site.world)
    return site


def code_of(site: Site, **changes: str | None) -> str:
    return site.browser().authorize(pushed(site, **changes))["code"]


def redeem(holder: Holder, code: str, client_id: str = BANK, **changes: Any) -> httpx.Response:
    return holder.redeem(code, proving(assertion(holder.site.world, client_id, **changes)))


@module(FINAL + "discovery-end-point-verification")
def test_the_metadata_has_what_a_bank_needs(bank: Site) -> None:
    told = bank.browser().http.get("/.well-known/openid-configuration").json()
    for name in ("authorization", "token", "pushed_authorization_request"):
        assert told[f"{name}_endpoint"].startswith(bank.url)
    for name, needed in (
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("token_endpoint_auth_signing_alg_values_supported", "PS256"),
        ("dpop_signing_alg_values_supported", "ES256"),
        ("request_object_signing_alg_values_supported", "ES256"),
        ("authorization_signing_alg_values_supported", "ES256"),
        ("response_modes_supported", "jwt"),
        ("grant_types_supported", "authorization_code"),
    ):
        assert needed in told[name], name
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert "code" in told["response_types_supported"]
    assert told["authorization_response_iss_parameter_supported"] is True


@line(5)
@module(FINAL + "attempt-reuse-authorization-code-after-one-second")
def test_a_code_works_once_and_its_second_use_ends_what_it_gave(bank: Site) -> None:
    holder, code = holder_at(bank), code_of(bank)
    tokens = redeem(holder, code).json()
    assert holder.call("/userinfo", tokens["access_token"]).status_code == 200
    bank.world.clock.now += 1
    assert redeem(holder, code).json()["error"] == "invalid_grant"
    assert holder.call("/userinfo", tokens["access_token"]).status_code == 401


@line(6)
@pytest.mark.parametrize(
    ("later", "status"),
    [
        (CODE_SECONDS - 1, 200),
        pytest.param(
            CODE_SECONDS,
            400,
            marks=module(FINAL + "ensure-token-endpoint-fails-with-expired-auth-code"),
        ),
    ],
)
def test_a_code_lives_a_minute(bank: Site, later: int, status: int) -> None:
    code = code_of(bank)
    bank.world.clock.now += later
    assert redeem(holder_at(bank), code).status_code == status
    assert CODE_SECONDS <= 60


@line(7)
@module(FINAL + "ensure-authorization-code-is-bound-to-client")
def test_a_code_is_bound_to_its_bank(bank: Site) -> None:
    add_bank(bank.world, "other-bank")
    answer = redeem(holder_at(bank), code_of(bank), "other-bank")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@module(FINAL + "ensure-client-assertion-in-token-endpoint")
def test_a_bank_proves_itself_at_the_token_endpoint(bank: Site) -> None:
    answer = holder_at(bank).redeem(code_of(bank), {"client_id": BANK})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@line(20)
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"exp": -300},
            marks=module(FINAL + "ensure-client-assertion-with-exp-is-5-minutes-in-past-fails"),
        ),
        pytest.param(
            {"aud": "https://other.example"},
            marks=module(FINAL + "ensure-client-assertion-with-wrong-aud-fails"),
        ),
        pytest.param(
            {"sub": None}, marks=module(FINAL + "ensure-client-assertion-with-no-sub-fails")
        ),
    ],
)
def test_a_proof_that_does_not_hold(bank: Site, changes: dict[str, Any]) -> None:
    if "exp" in changes:
        changes = {"exp": bank.world.clock.now + changes["exp"]}
    answer = redeem(holder_at(bank), code_of(bank), **changes)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@module(FINAL + "test-claims-parameter-identity-claims")
def test_a_bank_may_want_single_claims(bank: Site) -> None:
    wanted = {"id_token": {"name": {"essential": True}}, "userinfo": {"name": None}}
    holder, code = holder_at(bank), code_of(bank, claims=json.dumps(wanted))
    tokens = redeem(holder, code).json()
    name = claims_of(tokens["id_token"])["name"]
    assert holder.call("/userinfo", tokens["access_token"]).json()["name"] == name


@line(39)
@module(FINAL + "test-essential-acr-sca-claim")
def test_a_bank_may_insist_on_how_well_somebody_is_known(bank: Site) -> None:
    wanted = {"id_token": {"acr": {"essential": True, "values": [LEVEL]}}}
    tokens = redeem(holder_at(bank), code_of(bank, claims=json.dumps(wanted))).json()
    assert claims_of(tokens["id_token"])["acr"] == LEVEL
    wanted["id_token"]["acr"]["values"] = ["urn:somebody:else"]
    told = bank.browser().authorize(pushed(bank, claims=json.dumps(wanted)))
    assert told["error"] == "unmet_authentication_requirements"


def test_a_bank_gets_no_token_without_a_key(bank: Site) -> None:
    form = {"grant_type": "authorization_code", "code": code_of(bank), **request_of(client_id=BANK)}
    form |= {"code_verifier": "v" * 43, **proving(assertion(bank.world, BANK))}
    answer = bank.browser().http.post("/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
