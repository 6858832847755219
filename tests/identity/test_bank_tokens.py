"""A bank at the token endpoint: the FAPI 2.0 modules about assertions, codes, keys and refresh."""

import json
from typing import Any

import httpx
import pytest

from identity.issued.authorizations import CODE_SECONDS
from identity.proofs.assertions import read_header
from identity.proofs.nonces import make_nonce
from tests.identity.browser import VERIFIER, Browser, challenge_of
from tests.identity.conftest import Site
from tests.identity.holding import Holder, claims_of
from tests.identity.pushing import BANK, add_bank, link, pushed
from tests.identity.signing import STRANGER, assertion, proving, signed
from tests.identity.world import REDIRECT

line = pytest.mark.line
OTHER = "second-bank"
CHALLENGE = challenge_of(VERIFIER)
Tokens = dict[str, Any]


def module(name: str) -> pytest.MarkDecorator:
    return pytest.mark.module(f"fapi2-security-profile-final-{name}")


@pytest.fixture
def bank(site: Site) -> Site:
    add_bank(site.world)
    add_bank(site.world, OTHER)
    return site


@pytest.fixture
def holder(bank: Site) -> Holder:
    """A bank's key, with the nonce of this moment."""
    return Holder(bank, "PS256", nonce=make_nonce(bank.world.realm.seals, bank.world.clock.now))


@pytest.fixture
def browser(bank: Site) -> Browser:
    return bank.browser("reader")


def code_for(site: Site, browser: Browser, app: str = BANK, **changes: str | None) -> str:
    return browser.authorize(pushed(site, app, **changes))["code"]


def proof_of(site: Site, app: str = BANK, **changes: Any) -> dict[str, str]:
    return proving(assertion(site.world, app, **changes))


def tokens_of(holder: Holder, browser: Browser, app: str = BANK) -> Tokens:
    answer = holder.redeem(code_for(holder.site, browser, app), proof_of(holder.site, app))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refused(answer: httpx.Response, *errors: str) -> None:
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in errors
    assert answer.headers["cache-control"] == "no-store"


@module("happy-flow")
def test_a_bank_gets_tokens_that_its_key_opens(holder: Holder, browser: Browser) -> None:
    tokens = tokens_of(holder, browser)
    assert tokens["token_type"] == "DPoP"
    assert tokens["expires_in"] <= 600
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": holder.thumbprint}
    assert holder.call("/userinfo", tokens["access_token"]).status_code == 200


@module("ensure-holder-of-key-required")
def test_no_token_without_a_key(bank: Site, holder: Holder, browser: Browser) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    form |= {"code": code_for(bank, browser)}
    bare = bank.browser().http.post("/token", data={**form, **proof_of(bank)})
    refused(bare, "invalid_request")
    assert holder.redeem(form["code"], proof_of(bank)).status_code == 200


@module("ensure-client-assertion-in-token-endpoint")
def test_no_token_without_an_assertion(bank: Site, holder: Holder, browser: Browser) -> None:
    code = code_for(bank, browser)
    refused(holder.redeem(code, {"client_id": BANK}), "invalid_client")
    assert holder.redeem(code, proof_of(bank)).status_code == 200


@module("ensure-client-id-in-token-endpoint")
def test_the_client_id_beside_an_assertion_must_agree(
    bank: Site, holder: Holder, browser: Browser
) -> None:
    code = code_for(bank, browser)
    claims = {"iss": OTHER, "sub": OTHER, "aud": bank.url, "exp": bank.world.clock.now + 60}
    forged = proving(signed(claims | {"jti": bank.world.realm.fresh_id()}, key=STRANGER))
    refused(holder.redeem(code, {**forged, "client_id": OTHER}), "invalid_client")
    mixed = {**proof_of(bank), "client_id": OTHER}
    refused(holder.redeem(code, mixed), "invalid_request")


@line(20)
@pytest.mark.parametrize(
    ("changes", "good"),
    [
        pytest.param(
            {"exp": -300},
            False,
            marks=module("ensure-client-assertion-with-exp-is-5-minutes-in-past-fails"),
        ),
        pytest.param(
            {"aud": "https://other.example"},
            False,
            marks=module("ensure-client-assertion-with-wrong-aud-fails"),
        ),
        pytest.param(
            {"sub": None}, False, marks=module("ensure-client-assertion-with-no-sub-fails")
        ),
        ({"nbf": 8}, True),
        ({"nbf": 61}, False),
    ],
    ids=str,
)
def test_an_assertion_at_the_token_endpoint(
    bank: Site, holder: Holder, browser: Browser, changes: dict[str, Any], *, good: bool
) -> None:
    now = bank.world.clock.now
    made = {name: v + now if isinstance(v, int) else v for name, v in changes.items()}
    code = code_for(bank, browser)
    answer = holder.redeem(code, {**proof_of(bank, **made), "client_id": BANK})
    if good:
        assert answer.status_code == 200
    else:
        refused(answer, "invalid_client")


@line(20)
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param(
            {"nbf": 8},
            201,
            marks=module(
                "par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted"
            ),
        ),
        pytest.param(
            {"nbf": 61},
            401,
            marks=module(
                "par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails"
            ),
        ),
        pytest.param({"aud": [""]}, 401, marks=module("par-test-array-as-audience-fails")),
        pytest.param(
            {"aud": "/par"}, 401, marks=module("par-test-par-endpoint-url-as-audience-fails")
        ),
        pytest.param(
            {"aud": "/token"}, 401, marks=module("par-test-token-endpoint-url-as-audience-fails")
        ),
        ({"aud": ""}, 201),
    ],
    ids=str,
)
def test_an_assertion_at_the_endpoint_of_pushing(
    bank: Site, changes: dict[str, Any], status: int
) -> None:
    now, url = bank.world.clock.now, bank.url

    def made(value: Any) -> Any:
        if isinstance(value, list):
            return [url + each for each in value]
        return value + now if isinstance(value, int) else url + value

    form = {"response_type": "code", "client_id": BANK, "redirect_uri": REDIRECT}
    form |= {"scope": "openid", "code_challenge": "c" * 43, "code_challenge_method": "S256"}
    auth = proof_of(bank, **{name: made(value) for name, value in changes.items()})
    answer = bank.browser().http.post("/par", data={**form, **auth})
    assert answer.status_code == status, answer.text


@line(7)
@module("ensure-authorization-code-is-bound-to-client")
def test_a_code_belongs_to_the_bank_it_was_given_to(
    bank: Site, holder: Holder, browser: Browser
) -> None:
    code = code_for(bank, browser)
    refused(holder.redeem(code, proof_of(bank, OTHER)), "invalid_grant")
    assert holder.redeem(code, proof_of(bank)).status_code == 200


@line(5)
@module("attempt-reuse-authorization-code-after-one-second")
def test_a_code_works_once_and_takes_back_what_it_gave(
    bank: Site, holder: Holder, browser: Browser
) -> None:
    code = code_for(bank, browser)
    token = holder.redeem(code, proof_of(bank)).json()["access_token"]
    bank.world.clock.now += 1
    refused(holder.redeem(code, proof_of(bank)), "invalid_grant")
    assert holder.call("/userinfo", token).status_code == 401


@line(6)
@module("ensure-token-endpoint-fails-with-expired-auth-code")
def test_a_code_is_over_after_a_minute(bank: Site, holder: Holder, browser: Browser) -> None:
    code = code_for(bank, browser)
    bank.world.clock.now += CODE_SECONDS
    refused(holder.redeem(code, proof_of(bank)), "invalid_grant")


@line(7)
@module("ensure-pkce-code-verifier-required")
@module("incorrect-pkce-code-verifier-rejected")
@pytest.mark.parametrize("verifier", ["", "w" * 43])
def test_a_code_needs_its_verifier(
    bank: Site, holder: Holder, browser: Browser, verifier: str
) -> None:
    code = code_for(bank, browser)
    answer = holder.redeem(code, proof_of(bank), code_verifier=verifier)
    refused(answer, "invalid_grant")


@module("discovery-end-point-verification")
def test_the_metadata_has_what_a_bank_looks_for(bank: Site) -> None:
    answer = bank.browser().http.get("/.well-known/openid-configuration")
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["issuer"] == bank.url
    allowed = {"PS256", "ES256", "EdDSA"}
    assert set(told["dpop_signing_alg_values_supported"]) <= allowed
    for name in ("id_token_signing", "token_endpoint_auth_signing", "userinfo_signing"):
        assert allowed & set(told[f"{name}_alg_values_supported"])
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["pushed_authorization_request_endpoint"] == f"{bank.url}/par"


# What an ID token may tell anybody (OpenID Connect Core §2, §3.1.3.6).
PLAIN_CLAIMS = frozenset(
    ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash")
)


@module("test-claims-parameter-identity-claims")
def test_a_bank_may_ask_for_claims_by_name(holder: Holder, browser: Browser, bank: Site) -> None:
    wanted = {"id_token": {"name": None, "made_up": {"essential": True}}, "elsewhere": {"x": None}}
    code = code_for(bank, browser, claims=json.dumps(wanted))
    tokens = holder.redeem(code, proof_of(bank)).json()
    told = claims_of(tokens["id_token"])
    assert told["name"]
    assert told.keys() <= PLAIN_CLAIMS | {"name"}  # no claim that was not asked for
    told = holder.call("/userinfo", tokens["access_token"]).json()
    assert told["sub"] == claims_of(tokens["id_token"])["sub"]


def push_with(holder: Holder, proof_by: Holder | None, **changes: str) -> httpx.Response:
    """Push a request with a proof."""
    form = {"response_type": "code", "client_id": BANK, "redirect_uri": REDIRECT, "scope": "openid"}
    form |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256", **changes}
    headers = proof_by.headers("/par") if proof_by else {}
    data = {**form, **proof_of(holder.site)}
    return holder.site.browser().http.post("/par", data=data, headers=headers)


@line(7)
@module("ensure-dpopproof-at-par-endpoint-binding-success")
@module("ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt")
def test_a_proof_while_pushing_binds_the_code(bank: Site, holder: Holder, browser: Browser) -> None:
    answer = push_with(holder, holder)
    assert answer.status_code == 201, answer.text
    code = browser.authorize(link(answer))["code"]
    other = Holder(bank, nonce=holder.nonce)
    refused(other.redeem(code, proof_of(bank)), "invalid_grant")
    assert holder.redeem(code, proof_of(bank)).status_code == 200


@line(7)
@module("ensure-mismatched-dpop-jkt-fails")
def test_a_proof_and_a_named_key_must_agree(bank: Site, holder: Holder) -> None:
    other = Holder(bank)
    refused(push_with(holder, holder, dpop_jkt=other.thumbprint), "invalid_request")
    assert push_with(holder, holder, dpop_jkt=holder.thumbprint).status_code == 201


@line(27)
def test_pushing_wants_our_nonce_too(bank: Site) -> None:
    holder = Holder(bank)
    asked = push_with(holder, holder)
    refused(asked, "use_dpop_nonce")
    holder.nonce = asked.headers["dpop-nonce"]
    assert push_with(holder, holder).status_code == 201


@line(28)
@module("refresh-token")
def test_a_banks_refresh_token_stays_and_is_its_own(
    bank: Site, holder: Holder, browser: Browser
) -> None:
    tokens = tokens_of(holder, browser)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    fresh = Holder(bank, nonce=holder.nonce)  # an app that proves itself may change its key
    for _ in range(2):
        again = fresh.token(proof_of(bank), **form)
        assert again.status_code == 200, again.text
        assert again.json()["refresh_token"] == tokens["refresh_token"]
        assert claims_of(again.json()["access_token"])["cnf"] == {"jkt": fresh.thumbprint}
    bare = bank.browser().http.post("/token", data={**form, **proof_of(bank)})
    refused(bare, "invalid_request")
    refused(fresh.token(proof_of(bank, OTHER), **form), "invalid_grant")
    narrowed = fresh.token(proof_of(bank), **form, scope="openid")
    assert narrowed.json()["scope"] == "openid"


@line(29)
def test_a_banks_refresh_token_ends_with_the_sign_in(
    bank: Site, holder: Holder, browser: Browser
) -> None:
    tokens = tokens_of(holder, browser)
    browser.submit(browser.http.get("/sign-out"))
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refused(holder.token(proof_of(bank), **form), "invalid_grant")


@line(30)
def test_a_banks_refresh_token_can_be_given_back(
    bank: Site, holder: Holder, browser: Browser
) -> None:
    tokens = tokens_of(holder, browser)
    sent = {"token": tokens["refresh_token"], **proof_of(bank)}
    assert bank.browser().http.post("/revoke", data=sent).status_code == 200
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refused(holder.token(proof_of(bank), **form), "invalid_grant")


@line(24)
def test_tokens_are_for_our_interfaces_and_for_ten_minutes(
    holder: Holder, browser: Browser
) -> None:
    claims = claims_of(tokens_of(holder, browser)["access_token"])
    assert claims["aud"] == f"{holder.site.url}/api"
    assert claims["exp"] - claims["iat"] == 600


@line(26)
def test_tokens_for_banks_are_signed_with_what_fapi_allows(
    holder: Holder, browser: Browser
) -> None:
    tokens = tokens_of(holder, browser)
    for name in ("access_token", "id_token"):
        assert read_header(tokens[name])["alg"] in {"ES256", "EdDSA", "PS256"}
