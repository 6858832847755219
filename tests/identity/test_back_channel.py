"""What an access token opens, and for how long: userinfo, introspection, revocation, our API."""

import base64
import dataclasses
import hmac
import json
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from identity.asking.parameters import read_parameters
from identity.errors import BadAccessToken
from identity.operating.registry import revoke_mandate
from identity.provider import answer_token_request
from identity.signing.keys import KeyRing
from identity.signing.tokens import ACCESS, ID, sign_token, verify_signature
from identity.standing.access import verify_access
from tests.identity.browser import basic
from tests.identity.conftest import Site
from tests.identity.flows import tokens_in
from tests.identity.world import (
    COMPANY,
    COMPANY_CODE,
    OTHER_SECRET,
    SERVICE_SECRET,
    World,
)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def userinfo(site: Site, token: str) -> httpx.Response:
    return site.browser().http.get("/userinfo", headers=bearer(token))


def test_userinfo_tells_what_was_allowed_and_no_more(site: Site) -> None:
    browser = site.ready()
    known = userinfo(site, browser.tokens()["access_token"])
    claims = known.json()
    assert claims["name"] == COMPANY
    assert claims["act"]["name"] == "演示·张强"
    assert claims["legal_person"] == {
        "name": COMPANY,
        "unified_social_credit_code": COMPANY_CODE,
        "powers": ["licences", "records", "show", "uses"],
    }
    assert known.headers["cache-control"] == "no-store"
    bare = userinfo(site, browser.tokens(scope="openid ledger.read")["access_token"]).json()
    assert bare == {"sub": claims["sub"], "act": {"sub": claims["act"]["sub"]}}


@pytest.mark.line(30)
def test_userinfo_takes_the_token_by_header_or_body_and_never_by_address(site: Site) -> None:
    token = site.ready().tokens()["access_token"]
    http = site.browser().http
    assert http.post("/userinfo", headers=bearer(token)).status_code == 200
    assert http.post("/userinfo", data={"access_token": token}).status_code == 200
    assert http.get("/userinfo", params={"access_token": token}).status_code == 401
    told = http.get("/userinfo").headers["www-authenticate"]
    assert told == 'Bearer realm="haihe", DPoP realm="haihe", algs="ES256 EdDSA PS256"'


def test_userinfo_needs_openid_and_a_person(site: Site) -> None:
    browser = site.ready()
    without = userinfo(site, browser.tokens(scope="licence.read")["access_token"])
    own = browser.token(basic("service", SERVICE_SECRET), grant_type="client_credentials").json()
    for answer in (without, userinfo(site, own["access_token"])):
        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


@pytest.mark.line(24)
def test_an_access_token_lives_ten_minutes(site: Site) -> None:
    token = site.ready().tokens()["access_token"]
    site.world.clock.now += 599
    assert userinfo(site, token).status_code == 200
    site.world.clock.now += 1
    answer = userinfo(site, token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def forgeries(world: World, token: str) -> dict[str, str]:
    """Tokens that look right."""
    keys = world.realm.keys
    claims = verify_signature(keys, ACCESS, token)
    head, body, signature = token.split(".")
    stranger = ECKey.generate_key("P-256")

    def header(**changes: Any) -> dict[str, Any]:
        return {"alg": "ES256", "typ": ACCESS, "kid": keys.signing.kid, **changes}

    def encode(text: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(text).encode()).rstrip(b"=").decode()

    return {
        "unsigned": f"{encode(header(alg='none'))}.{body}.",
        "another key": jwt.encode(header(), claims, stranger, ["ES256"]),
        "hmac": _signed_with_the_public_key(encode(header(alg="HS256")) + "." + body, keys),
        "no typ": jwt.encode({"alg": "ES256"}, claims, keys.signing, ["ES256"]),
        "an ID token": sign_token(keys, ID, claims),
        "another audience": sign_token(keys, ACCESS, claims | {"aud": "https://x.example"}),
        "other audiences": sign_token(keys, ACCESS, claims | {"aud": ["https://x.example", None]}),
        "no audience": sign_token(keys, ACCESS, claims | {"aud": []}),
        "another issuer": sign_token(keys, ACCESS, claims | {"iss": "https://x.example"}),
        "changed body": f"{head}.{encode(claims | {'scope': 'licence.issue'})}.{signature}",
        "changed signature": f"{head}.{body}.{'A' * len(signature)}",
        "unknown crit": f"{encode(header(crit=['x'], x=1))}.{body}.{signature}",
        "empty": "",
        "garbage": "a.b.c",
        "not ascii": "演示",
        "too long": "a" * 10000,
        "unknown authorization": sign_token(keys, ACCESS, claims | {"authorization": "f" * 32}),
        "unknown client": sign_token(
            keys,
            ACCESS,
            {n: v for n, v in claims.items() if n != "authorization"} | {"client_id": "x"},
        ),
    }


def _signed_with_the_public_key(text: str, keys: KeyRing) -> str:
    public = keys.signing.as_pem(private=False)
    mac = hmac.digest(public, text.encode(), "sha256")
    return text + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


@pytest.mark.line(26)
def test_no_forged_token_opens_anything(world: World) -> None:
    token = tokens_in(world)[0]["access_token"]
    with world.working() as work:
        assert verify_access(work, token).client_id == "web"
    for name, forged in forgeries(world, token).items():
        with world.working() as work, pytest.raises(BadAccessToken):
            verify_access(work, forged)
            pytest.fail(name)


@pytest.mark.line(25)
def test_an_access_token_is_no_id_token(world: World) -> None:
    tokens, _ = tokens_in(world)
    with pytest.raises(BadAccessToken):
        verify_signature(world.realm.keys, ID, tokens["access_token"])
    with world.working() as work, pytest.raises(BadAccessToken):
        verify_access(work, tokens["id_token"])


def test_powers_are_what_mandate_and_scopes_allow_together(world: World) -> None:
    tokens, _ = tokens_in(world, "openid licence.read licence.issue ledger.read")
    with world.working() as work:
        access = verify_access(work, tokens["access_token"])
    assert access.powers == {"licences", "records", "uses"}
    assert access.person == world.person("agent")
    assert (access.party.party_id, access.party.name) == (world.company_id(), COMPANY)
    assert access.party.code == COMPANY_CODE


def test_a_revoked_mandate_closes_the_api_at_once(world: World) -> None:
    token = tokens_in(world)[0]["access_token"]
    with world.working() as work:
        (mandate,) = work.store.mandates.of_person(world_agent(work))
        revoke_mandate(work, mandate.mandate_id)
    with world.working() as work, pytest.raises(BadAccessToken, match="mandate"):
        verify_access(work, token)


def world_agent(work: Any) -> str:
    found: str = work.store.people.find_account("agent")[0].person_id
    return found


def test_an_apps_own_token_never_audits(world: World) -> None:
    form = read_parameters(
        "grant_type=client_credentials", basic("service", SERVICE_SECRET)["Authorization"]
    )
    with world.working() as work:
        token = answer_token_request(work, form).body["access_token"]
        access = verify_access(work, token)
    assert access.powers == {"verify", "records", "uses"}
    assert access.person is None
    assert access.party.party_id == world.company_id()


def test_demo_people_and_apps_open_nothing_without_demo_data(world: World) -> None:
    token = tokens_in(world)[0]["access_token"]
    with world.database.writing() as connection:
        connection.exec_driver_sql("UPDATE people SET demo = 1 WHERE account = 'agent'")
    with world.working() as work:
        assert verify_access(work, token)
    world.realm = dataclasses.replace(world.realm, demo_allowed=False)
    with world.working() as work, pytest.raises(BadAccessToken):
        verify_access(work, token)
    with world.database.writing() as connection:
        connection.exec_driver_sql("UPDATE people SET demo = 0")
        connection.exec_driver_sql("UPDATE clients SET demo = 1")
    with world.working() as work, pytest.raises(BadAccessToken):
        verify_access(work, token)
    form = read_parameters(
        "grant_type=client_credentials", basic("service", SERVICE_SECRET)["Authorization"]
    )
    with world.working() as work:
        assert answer_token_request(work, form).status == 401


def introspect(site: Site, token: str, headers: dict[str, str] | None = None, **form: str) -> Any:
    answer = site.browser().http.post(
        "/introspect", data={"token": token, **form}, headers=headers or basic()
    )
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def test_introspection_describes_a_token_that_is_good(site: Site) -> None:
    tokens = site.ready().tokens()
    said = introspect(site, tokens["access_token"], token_type_hint="made_up")
    assert said["active"] is True
    assert said["client_id"] == "web"
    assert said["token_type"] == "Bearer"
    assert said["scope"] == tokens["scope"]
    assert {"sub", "act", "acr", "exp", "iat", "jti", "iss", "aud", "auth_time"} <= said.keys()
    assert "authorization" not in said
    refresh = introspect(site, tokens["refresh_token"])
    assert refresh["active"] is True
    assert refresh["sub"] == said["sub"]


@pytest.mark.line(31)
def test_introspection_says_the_same_about_every_token_that_is_not_good(site: Site) -> None:
    browser = site.ready()
    tokens = browser.tokens()
    spent = tokens["refresh_token"]
    browser.token(grant_type="refresh_token", refresh_token=spent)
    for token in (
        "",
        "x",
        spent,
        tokens["id_token"],
        *forgeries(site.world, tokens["access_token"]).values(),
    ):
        assert introspect(site, token) == {"active": False}


@pytest.mark.line(31)
def test_introspection_is_for_the_apps_own_tokens_and_for_those_registered_so(site: Site) -> None:
    token = site.ready().tokens()["access_token"]
    service = basic("service", SERVICE_SECRET)
    assert introspect(site, token, service) == {"active": False}
    with site.world.database.writing() as connection:
        connection.exec_driver_sql("UPDATE clients SET introspects = 1 WHERE client_id = 'service'")
    assert introspect(site, token, service)["active"] is True
    with site.world.database.writing() as connection:
        connection.exec_driver_sql("UPDATE clients SET introspects = 0")


@pytest.mark.line(31)
def test_introspection_needs_a_client_with_a_secret(site: Site) -> None:
    http = site.browser().http
    for form in ({"token": "x"}, {"token": "x", "client_id": "web"}):
        assert http.post("/introspect", data=form).status_code == 401
    assert http.post("/introspect", data={"token": "x", "client_id": "public"}).status_code == 400


def revoke(site: Site, token: str, **form: str) -> httpx.Response:
    headers = {} if "client_id" in form else basic()
    return site.browser().http.post("/revoke", data={"token": token, **form}, headers=headers)


def test_a_revoked_access_token_opens_nothing_and_its_family_lives(site: Site) -> None:
    browser = site.ready()
    tokens = browser.tokens()
    for _ in range(2):
        assert revoke(site, tokens["access_token"]).status_code == 200
    assert userinfo(site, tokens["access_token"]).status_code == 401
    assert introspect(site, tokens["access_token"]) == {"active": False}
    again = browser.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert userinfo(site, again.json()["access_token"]).status_code == 200


def test_an_app_can_take_back_a_token_of_its_own(site: Site) -> None:
    headers, http = basic("service", SERVICE_SECRET), site.browser().http
    own = http.post("/token", data={"grant_type": "client_credentials"}, headers=headers)
    token = own.json()["access_token"]
    assert introspect(site, token, headers)["active"] is True
    assert http.post("/revoke", data={"token": token}, headers=headers).status_code == 200
    assert introspect(site, token, headers) == {"active": False}


def test_a_revoked_refresh_token_ends_its_family(site: Site) -> None:
    browser = site.ready()
    tokens = browser.tokens()
    assert revoke(site, tokens["refresh_token"], token_type_hint="access_token").status_code == 200
    assert userinfo(site, tokens["access_token"]).status_code == 401
    again = browser.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert again.json()["error"] == "invalid_grant"


@pytest.mark.line(31)
def test_revocation_says_nothing_about_tokens_of_others(site: Site) -> None:
    tokens = site.ready().tokens()
    other = {"client_id": "other", "client_secret": OTHER_SECRET}
    for token in (tokens["access_token"], tokens["refresh_token"], "made up", ""):
        assert revoke(site, token, **other).status_code == 200
    assert userinfo(site, tokens["access_token"]).status_code == 200
    assert revoke(site, "x", client_id="nobody").status_code == 401
