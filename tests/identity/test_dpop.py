"""Tokens that only the holder of a key can use (RFC 9449), from both sides of each rule."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from joserfc import jws

from identity.apps.clients import FAPI2, SERVICE
from identity.apps.options import Options
from identity.errors import BadProof, NonceWanted
from identity.proofs.dpop import AHEAD_SECONDS, OLDEST_SECONDS, Call, check_proof, normalised
from identity.proofs.nonces import LIFETIME_SECONDS, STEP_SECONDS, make_nonce, nonce_end
from identity.seals import Seals
from tests.identity.browser import basic, request_of
from tests.identity.conftest import Site
from tests.identity.holding import Holder, claims_of, code_of, encode
from tests.identity.signing import EC, add_signer, assertion, proving
from tests.identity.signing import RSA as RSA_KEY
from tests.identity.world import REDIRECT, SEAL_KEY, SERVICE_SECRET

line, module = pytest.mark.line, pytest.mark.module
PUBLIC_APP = {"client_id": "public"}
OWN = {"grant_type": "client_credentials"}


@pytest.fixture
def holder(site: Site) -> Holder:
    return Holder(site)


@pytest.fixture
def token(holder: Holder, site: Site) -> str:
    """An access token of the app `web`, bound to the holder's key."""
    answer = holder.redeem(code_of(site), basic())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@pytest.fixture
def bank(site: Site) -> Site:
    """A site with a service of the profile of banks."""
    add_signer(site.world, "proving-bank", kind=SERVICE, profile=FAPI2)
    return site


@line(27)
@pytest.mark.parametrize("depth", [100, 1500, 2500])
def test_a_proof_nested_without_end_is_refused(site: Site, depth: int) -> None:
    header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": EC.as_dict(private=False)}
    deep = b'{"x":' + b"[" * depth + b"]" * depth + b"}"
    proof = jws.serialize_compact(header, deep, EC, ["ES256"])
    sent = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT}
    answer = site.browser().http.post("/token", data=sent, headers=basic() | {"DPoP": proof})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


def own_token(holder: Holder, **changes: Any) -> httpx.Response:
    """A bank's own token, by assertion and proof."""
    return holder.token(proving(assertion(holder.site.world, "proving-bank", **changes)), **OWN)


@line(27)
@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "PS256"])
def test_a_token_is_bound_to_the_key_that_was_proved(site: Site, alg: str) -> None:
    holder = Holder(site, alg)
    tokens = holder.redeem(code_of(site), basic()).json()
    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": holder.thumbprint}
    assert holder.call("/userinfo", tokens["access_token"]).status_code == 200
    sent = {"token": tokens["access_token"]}
    told = site.browser().http.post("/introspect", data=sent, headers=basic()).json()
    assert told["cnf"] == {"jkt": holder.thumbprint}
    assert told["token_type"] == "DPoP"


@line(27)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_bound_token_is_no_bearer_token(
    site: Site, holder: Holder, token: str, scheme: str
) -> None:
    http = site.browser().http
    for headers in (
        {"Authorization": f"{scheme} {token}"},
        {"Authorization": f"{scheme} {token}", "DPoP": holder.proof("/userinfo", "GET", token)},
    ):
        answer = http.get("/userinfo", headers=headers)
        assert answer.status_code == 401
        told = answer.headers["www-authenticate"]
        assert told.startswith('DPoP realm="haihe", error="invalid_token"')
        assert 'algs="ES256 EdDSA PS256"' in told
    assert http.post("/userinfo", data={"access_token": token}).status_code == 401
    assert http.get("/userinfo", headers={"Authorization": f"DPoP {token}"}).status_code == 401


@module("fapi2-security-profile-final-access-token-type-header-case-sensitivity")
@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
def test_the_scheme_may_be_written_in_any_case(
    site: Site, holder: Holder, token: str, scheme: str
) -> None:
    headers = {
        "Authorization": f"{scheme} {token}",
        "DPoP": holder.proof("/userinfo", "GET", token),
    }
    assert site.browser().http.get("/userinfo", headers=headers).status_code == 200


def test_a_token_that_is_not_bound_is_no_dpop_token(site: Site, holder: Holder) -> None:
    answer = holder.call("/userinfo", site.ready().tokens()["access_token"])
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@line(27)
@module("fapi2-security-profile-final-dpop-negative-tests")
@pytest.mark.parametrize(
    "changes",
    [
        {"header": {"typ": None}},
        {"header": {"typ": "JWT"}},
        {"header": {"typ": "dpop+jwt+wrongyousee"}},
        {"header": {"jwk": None}},
        {"header": {"jwk": RSA_KEY.as_dict(private=False)}},
        {"header": {"jwk": {"kty": "oct", "k": "AAAA"}}},
        {"header": {"jwk": ["no key"]}},
        {"header": {"crit": ["exp"]}},
        {"jti": None},
        {"jti": ""},
        {"jti": "j" * 257},
        {"jti": 7},
        {"htm": None},
        {"htm": "PUT"},
        {"htm": "get"},
        {"htu": None},
        {"htu": "https://other.example/userinfo"},
        {"htu": 7},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"ath": None},
        {"ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"},
        {"nonce": "never given"},
        {"nonce": 7},
    ],
    ids=lambda change: str(change)[:26],  # the same in every process: no key of a run in it
)
def test_a_proof_that_is_wrong_in_one_thing_is_refused(
    holder: Holder, token: str, changes: dict[str, Any]
) -> None:
    answer = holder.call("/userinfo", token, **changes)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('DPoP realm="haihe", error="')
    assert holder.call("/userinfo", token).status_code == 200


@line(27)
@module("fapi2-security-profile-final-dpop-negative-tests")
def test_a_proof_is_signed_with_its_own_public_key(site: Site, holder: Holder, token: str) -> None:
    good = holder.proof("/userinfo", "GET", token)
    head, body, signature = good.split(".")
    private = holder.key.as_dict(private=True)
    plain = {"typ": "dpop+jwt", "jwk": holder.key.as_dict(private=False)}
    for bad in (
        holder.proof("/userinfo", "GET", token, header={"jwk": private}),
        f"{head}.{body}",
        f"{head}.{body}.",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{encode(plain)}.{body}.{signature}",
        f"{encode(plain | {'alg': 'none'})}.{body}.",
        f"{encode(plain | {'alg': 'HS256'})}.{body}.{signature}",
        "no proof",
        "." * 9000,
        Holder(site).proof("/userinfo", "GET", token),
    ):
        headers = {"Authorization": f"DPoP {token}", "DPoP": bad}
        assert site.browser().http.get("/userinfo", headers=headers).status_code == 401
    headers = {"Authorization": f"DPoP {token}", "DPoP": good}
    assert site.browser().http.get("/userinfo", headers=headers).status_code == 200


@line(26)
@module("fapi2-security-profile-final-dpop-negative-tests")
def test_a_proof_with_rs256_is_refused(site: Site) -> None:
    holder = Holder(site, "PS256")
    token = holder.redeem(code_of(site), basic()).json()["access_token"]
    assert holder.call("/userinfo", token, header={"alg": "RS256"}).status_code == 401
    assert holder.call("/userinfo", token).status_code == 200


@module("fapi2-security-profile-final-dpop-negative-tests")
def test_a_request_with_two_proofs_is_refused(site: Site, holder: Holder, token: str) -> None:
    proofs = [("DPoP", holder.proof("/userinfo", "GET", token)) for _ in range(2)]
    headers = [("Authorization", f"DPoP {token}"), *proofs]
    assert site.browser().http.get("/userinfo", headers=headers).status_code == 401
    answer = site.browser().http.post(
        "/token", data={**PUBLIC_APP, "grant_type": "refresh_token"}, headers=proofs
    )
    assert answer.json()["error"] == "invalid_dpop_proof"


@module("fapi2-security-profile-final-dpop-negative-tests")
def test_an_address_is_compared_without_query_and_in_any_case(holder: Holder, token: str) -> None:
    url = holder.site.url
    for htu in (
        f"{url}/userinfo?a#b",
        f"{url}/userinfo".replace("http:", "HTTP:"),
    ):
        assert holder.call("/userinfo", token, htu=htu).status_code == 200
    assert holder.call("/userinfo?a=b", token).status_code == 200
    header = {"tx_id": 7}
    assert holder.call("/userinfo", token, header=header, tx_id_key=7).status_code == 200


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTPS://ID.Example.Gov:443/token?a#b", "https://id.example.gov/token"),
        ("https://id.example.gov", "https://id.example.gov/"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("http://id.example.gov:8000/a", "http://id.example.gov:8000/a"),
    ],
)
def test_addresses_that_mean_the_same(one: str, other: str) -> None:
    assert normalised(one) == normalised(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://id.example.gov/token", "https://id.example.gov/Token"),
        ("https://id.example.gov/token", "https://id.example.gov:8443/token"),
        ("https://id.example.gov/token", "http://id.example.gov/token"),
        ("https://id.example.gov/token", "https://id.example.gov/token/"),
    ],
)
def test_addresses_that_do_not(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize("text", ["", "/token", "https://u@id.example.gov/", "https://[", "a:b"])
def test_what_is_no_address(text: str) -> None:
    assert normalised(text) is None


@line(27)
@module("fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-before-succeeds")
@module("fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-after-succeeds")
@pytest.mark.parametrize(
    ("offset", "status"),
    [
        (-10, 200),
        (10, 200),
        (-OLDEST_SECONDS, 200),
        (-OLDEST_SECONDS - 1, 401),
        (AHEAD_SECONDS, 200),
        (AHEAD_SECONDS + 1, 401),
        (-3600, 401),
        (3600, 401),
    ],
)
def test_a_proof_was_made_lately(holder: Holder, token: str, offset: int, status: int) -> None:
    now = holder.site.world.clock.now
    assert holder.call("/userinfo", token, iat=now + offset).status_code == status


@module("fapi2-security-profile-final-check-dpop-proof-nbf-exp")
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"nbf": 0, "exp": 300}, 200),
        ({"exp": 1}, 200),
        ({"exp": 0}, 401),
        ({"nbf": 8}, 200),
        ({"nbf": 60}, 401),
    ],
)
def test_a_proof_may_say_how_long_it_counts(
    holder: Holder, token: str, changes: dict[str, int], status: int
) -> None:
    now = holder.site.world.clock.now
    made = {name: value + now for name, value in changes.items()}
    assert holder.call("/userinfo", token, **made).status_code == status


@line(27)
def test_a_proof_works_once_at_each_endpoint(site: Site, holder: Holder, token: str) -> None:
    http = site.browser().http
    headers = holder.headers("/userinfo", "GET", token)
    assert http.get("/userinfo", headers=headers).status_code == 200
    again = http.get("/userinfo", headers=headers)
    assert again.status_code == 401
    assert 'error="invalid_dpop_proof"' in again.headers["www-authenticate"]
    site.world.clock.now += OLDEST_SECONDS
    assert http.get("/userinfo", headers=headers).status_code == 401  # to its last second
    site.world.clock.now += 1
    assert http.get("/userinfo", headers=headers).status_code == 401


@line(27)
def test_fifty_uses_of_one_proof_give_one_answer(site: Site, holder: Holder, token: str) -> None:
    headers = holder.headers("/userinfo", "GET", token)
    http = site.browser().http
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: http.get("/userinfo", headers=headers), range(50)))
    assert [answer.status_code for answer in answers].count(200) == 1


@line(27)
def test_fifty_redemptions_with_one_proof_give_one_token(site: Site, holder: Holder) -> None:
    form = {"grant_type": "authorization_code", "code": code_of(site), "redirect_uri": REDIRECT}
    form |= {"code_verifier": "v" * 43}
    headers = {**basic(), **holder.headers("/token")}
    http = site.browser().http
    with ThreadPoolExecutor(50) as pool:
        answers = list(
            pool.map(lambda _: http.post("/token", data=form, headers=headers), range(50))
        )
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.status_code for answer in answers} == {200, 400}


@line(7)
@module("fapi2-security-profile-final-ensure-dpop-auth-code-binding-success")
@module("fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt")
def test_a_code_is_bound_to_the_key_it_was_asked_with(site: Site, holder: Holder) -> None:
    code = code_of(site, dpop_jkt=holder.thumbprint)
    refused = Holder(site).redeem(code, basic())
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"
    assert site.browser().redeem(code).json()["error"] == "invalid_grant"
    assert holder.redeem(code, basic()).status_code == 200


@pytest.mark.parametrize("jkt", ["short", "a" * 42, "a" * 44, "=" * 43])
def test_a_code_is_bound_to_a_whole_thumbprint_only(site: Site, jkt: str) -> None:
    assert site.ready().authorize(request_of(dpop_jkt=jkt))["error"] == "invalid_request"


@line(28)
def test_refresh_tokens_of_a_public_app_are_bound_to_its_key(site: Site, holder: Holder) -> None:
    code = code_of(site, client_id="public")
    tokens = holder.redeem(code, PUBLIC_APP).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    bare = site.browser().http.post("/token", data={**PUBLIC_APP, **form})
    assert bare.json()["error"] == "invalid_grant"
    assert Holder(site).token(PUBLIC_APP, **form).json()["error"] == "invalid_grant"
    again = holder.token(PUBLIC_APP, **form)
    assert again.status_code == 200
    assert claims_of(again.json()["access_token"])["cnf"] == {"jkt": holder.thumbprint}


def test_an_app_with_a_secret_may_change_its_key(site: Site, holder: Holder) -> None:
    tokens = holder.redeem(code_of(site), basic()).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    other = Holder(site)
    bound = other.token(basic(), **form).json()["access_token"]
    assert claims_of(bound)["cnf"] == {"jkt": other.thumbprint}


@module("fapi2-security-profile-final-ensure-holder-of-key-required")
def test_an_app_that_binds_its_tokens_must_show_a_key(site: Site) -> None:
    options = Options(dpop_bound_access_tokens=True)
    add_signer(site.world, "binding", options=options)
    form = {**OWN, **proving(assertion(site.world, "binding"))}
    refused = site.browser().http.post("/token", data=form)
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_request"
    auth = proving(assertion(site.world, "binding"))
    assert Holder(site).token(auth, **OWN).json()["token_type"] == "DPoP"


@line(27)
def test_a_bank_needs_our_nonce_and_keeps_its_assertion(bank: Site) -> None:
    holder = Holder(bank)
    auth = proving(assertion(bank.world, "proving-bank"))
    refused = holder.token(auth, **OWN)
    assert refused.status_code == 400
    assert refused.json()["error"] == "use_dpop_nonce"
    holder.nonce = refused.headers["dpop-nonce"]
    assert holder.token(auth, **OWN).status_code == 200
    assert holder.token(auth, **OWN).json()["error"] == "invalid_client"
    fresh = own_token(holder)
    assert fresh.headers["dpop-nonce"] == holder.nonce
    bank.world.clock.now += STEP_SECONDS
    assert own_token(holder).headers["dpop-nonce"] != holder.nonce
    bank.world.clock.now += LIFETIME_SECONDS
    old = own_token(holder)
    assert old.json()["error"] == "use_dpop_nonce"
    assert old.headers["dpop-nonce"] != holder.nonce


@line(27)
def test_a_bank_needs_our_nonce_at_resources_too(bank: Site) -> None:
    holder = Holder(bank)
    holder.nonce = make_nonce(bank.world.realm.seals, bank.world.clock.now)
    token = own_token(holder).json()["access_token"]
    nonce, holder.nonce = holder.nonce, ""
    asked = holder.call("/userinfo", token)
    assert asked.status_code == 401
    assert 'error="use_dpop_nonce"' in asked.headers["www-authenticate"]
    assert asked.headers["dpop-nonce"] == nonce
    holder.nonce = nonce
    assert holder.call("/userinfo", token).status_code == 403  # an app alone is nobody
    hour = bank.world.clock.now - 3600
    assert holder.call("/userinfo", token, iat=hour).status_code == 403  # the nonce tells the time


@line(27)
def test_a_proof_works_once_at_the_token_endpoint(site: Site, holder: Holder) -> None:
    headers = {**basic("service", SERVICE_SECRET), **holder.headers("/token")}
    http = site.browser().http
    assert http.post("/token", data=OWN, headers=headers).status_code == 200
    again = http.post("/token", data=OWN, headers=headers)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_dpop_proof"


def test_a_proof_is_remembered_for_as_long_as_it_could_be_shown(holder: Holder) -> None:
    realm, now = holder.site.world.realm, holder.site.world.clock.now
    call = Call("POST", f"{realm.issuer}/token")
    proof = (holder.proof("/token"),)
    known = check_proof(proof, call, realm.seals, now)
    assert check_proof(proof, call, realm.seals, known.expires_at - 1) == known
    with pytest.raises(BadProof):
        check_proof(proof, call, realm.seals, known.expires_at)


def test_a_nonce_lasts_to_its_last_second_and_its_proof_with_it(holder: Holder) -> None:
    realm, now = holder.site.world.realm, holder.site.world.clock.now
    holder.nonce = make_nonce(realm.seals, now)
    call = Call("POST", f"{realm.issuer}/token", nonce_needed=True)
    proof = (holder.proof("/token"),)
    ends = nonce_end(realm.seals, holder.nonce)
    assert check_proof(proof, call, realm.seals, ends - 1).expires_at == ends
    with pytest.raises(NonceWanted):
        check_proof(proof, call, realm.seals, ends)


def test_a_nonce_is_ours_and_ages() -> None:
    seals, other = Seals(SEAL_KEY), Seals(SEAL_KEY[::-1])
    nonce = make_nonce(seals, 1_000_000_019)
    assert nonce == make_nonce(seals, 1_000_000_020 - 1)
    assert nonce_end(seals, nonce) == 999_999_960 + LIFETIME_SECONDS
    assert nonce_end(other, nonce) == 0
    assert nonce_end(seals, "") == 0


@module("fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails")
def test_a_bank_signs_with_nothing_weak(bank: Site) -> None:
    holder = Holder(bank, nonce=make_nonce(bank.world.realm.seals, bank.world.clock.now))
    assert own_token(holder, alg="RS256").json()["error"] == "invalid_client"
    for alg in ("ES256", "PS256", "EdDSA"):
        assert own_token(holder, alg=alg).status_code == 200


def test_discovery_says_how_proofs_may_be_signed(site: Site) -> None:
    told = site.browser().http.get("/.well-known/openid-configuration").json()
    assert told["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA", "PS256"]
