"""Introspection: signed answers (RFC 9701), and the same answer about all that is no business."""

from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from identity.apps.clients import COMPATIBLE, FAPI2, SERVICE
from identity.apps.options import Options
from identity.errors import BadAccessToken
from identity.signing.keys import ALGORITHMS
from identity.signing.tokens import INTROSPECTION, verify_token
from tests.identity.browser import basic
from tests.identity.conftest import Site
from tests.identity.signing import add_signer, assertion, proving
from tests.identity.world import EXACT_SECRET, OTHER_SECRET, START

line = pytest.mark.line
WANTED = {"Accept": f"application/{INTROSPECTION}"}


def asked(site: Site, token: str, headers: dict[str, str], **form: str) -> httpx.Response:
    sent = {"token": token, **form}
    return site.browser().http.post("/introspect", data=sent, headers=headers)


def read(site: Site, answer: httpx.Response) -> tuple[dict[str, Any], dict[str, Any]]:
    keys = KeySet.import_key_set(site.browser().http.get("/jwks").json())
    token = jwt.decode(answer.text, keys, list(ALGORITHMS))
    return dict(token.header), dict(token.claims)


def test_whoever_asks_for_a_signed_answer_gets_one(site: Site) -> None:
    token = site.ready().tokens()["access_token"]
    answer = asked(site, token, {**basic(), **WANTED})
    assert answer.headers["content-type"] == f"application/{INTROSPECTION}"
    assert answer.headers["cache-control"] == "no-store"
    header, claims = read(site, answer)
    assert header["typ"] == INTROSPECTION
    assert header["alg"] == "RS256"
    plain = asked(site, token, basic()).json()
    assert claims["token_introspection"] == plain
    assert claims["iss"] == site.url
    assert claims["aud"] == "web"
    assert claims["iat"] == site.world.clock.now
    assert {"sub", "act", "acr", "auth_time", "scope", "client_id", "jti"} <= plain.keys()


def test_what_is_not_good_is_signed_as_well(site: Site) -> None:
    _, claims = read(site, asked(site, "nothing", {**basic(), **WANTED}))
    assert claims["token_introspection"] == {"active": False}


@pytest.mark.parametrize(
    ("client_id", "profile", "chosen", "accept", "alg"),
    [
        ("always", COMPATIBLE, "EdDSA", {}, "EdDSA"),
        ("banking", FAPI2, "", WANTED, "ES256"),
        ("banking-chosen", FAPI2, "EdDSA", WANTED, "EdDSA"),
    ],
)
def test_answers_are_signed_as_registered(
    site: Site, client_id: str, profile: str, chosen: str, accept: dict[str, str], alg: str
) -> None:
    options = Options(introspection_signed_response_alg=chosen)
    add_signer(site.world, client_id, kind=SERVICE, profile=profile, options=options)
    answer = asked(site, "nothing", accept, **proving(assertion(site.world, client_id)))
    assert read(site, answer)[0]["alg"] == alg


@line(25)
@line(31)
def test_a_signed_answer_is_no_access_token(site: Site) -> None:
    token = site.ready().tokens()["access_token"]
    signed = asked(site, token, {**basic(), **WANTED}).text
    realm = site.world.realm
    with pytest.raises(BadAccessToken):
        verify_token(realm.keys, signed, realm.issuer, "web", START)


@line(31)
def test_an_answer_about_anything_else_says_the_same(site: Site) -> None:
    browser = site.ready()
    tokens = browser.tokens()
    other = basic("exact", EXACT_SECRET)
    for token in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"], "x", ""):
        assert asked(site, token, other).json() == {"active": False}
    for hint in ("refresh_token", "access_token", "anything"):
        told = asked(site, tokens["access_token"], basic(), token_type_hint=hint).json()
        assert told["active"] is True
    site.world.clock.now += 600
    assert asked(site, tokens["access_token"], basic()).json() == {"active": False}


@line(31)
@pytest.mark.parametrize(
    "headers", [{}, basic("web", "wrong"), basic("nobody", "x"), basic("other", OTHER_SECRET)]
)
def test_only_apps_that_prove_themselves_may_ask(site: Site, headers: dict[str, str]) -> None:
    answer = asked(site, "x", headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_discovery_says_how_answers_may_be_signed(site: Site) -> None:
    told = site.browser().http.get("/.well-known/openid-configuration").json()
    assert told["introspection_signing_alg_values_supported"] == list(ALGORITHMS)
