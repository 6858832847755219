"""Apps that prove themselves by signed assertions, each line on both sides."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from identity.apps.client_keys import read_keys
from identity.apps.clients import COMPATIBLE, WEB
from identity.asking.parameters import read_parameters
from identity.errors import BadClient
from identity.grants.messages import Answer
from identity.provider import answer_token_request
from tests.identity.browser import query
from tests.identity.conftest import Site
from tests.identity.signing import (
    EC,
    JWKS,
    STRANGER,
    add_signer,
    assertion,
    proving,
    signed,
)
from tests.identity.world import ISSUER, REDIRECT, SERVICE_SECRET, World

WEAK = base64.urlsafe_b64encode(b"\xc1" * 128).rstrip(b"=").decode()  # 1024 bits


def ask(world: World, text: str, **form: str) -> Answer:
    sent = {"grant_type": "client_credentials", **proving(text), **form}
    with world.working() as work:
        return answer_token_request(work, read_parameters(query(sent)))


@pytest.fixture
def bank(world: World) -> World:
    add_signer(world)
    return world


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "PS256"])
def test_an_assertion_gives_a_token_with_each_algorithm(bank: World, alg: str) -> None:
    assert ask(bank, assertion(bank, alg=alg)).status == 200


@pytest.mark.line(20)
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"aud": [ISSUER]}, 401),
        ({"aud": f"{ISSUER}/token"}, 401),
        ({"aud": f"{ISSUER}/par"}, 401),
        ({"aud": f"{ISSUER}/"}, 401),
        ({"aud": None}, 401),
        ({"exp": 60 * 5}, 200),
        ({"exp": 60 * 5 + 1}, 401),
        ({"exp": 1}, 200),
        ({"exp": 0}, 401),
        ({"exp": -300}, 401),
        ({"exp": None}, 401),
        ({"exp": True}, 401),
        ({"nbf": 8}, 200),
        ({"nbf": 60}, 401),
        ({"iat": 60}, 401),
        ({"jti": None}, 401),
        ({"jti": ""}, 401),
        ({"sub": None}, 401),
        ({"iss": "web"}, 401),
    ],
    ids=str,
)
def test_line_20_an_assertion_is_for_us_and_for_now(
    bank: World, changes: dict[str, Any], status: int
) -> None:
    now = bank.clock.now
    made = {
        name: value + now if name in {"exp", "nbf", "iat"} and type(value) is int else value
        for name, value in changes.items()
    }
    assert ask(bank, assertion(bank, **made)).status == status


@pytest.mark.line(20)
def test_line_20_an_assertion_works_once(bank: World) -> None:
    text = assertion(bank)
    assert ask(bank, text).status == 200
    assert ask(bank, text).body["error"] == "invalid_client"


@pytest.mark.line(22)
def test_line_22_only_the_registered_method_is_accepted(bank: World) -> None:
    own = {"iss": "service", "sub": "service"}
    assert ask(bank, assertion(bank, **own)).status == 401
    form = {"client_id": "signer", "client_secret": SERVICE_SECRET}
    sent = query({"grant_type": "client_credentials", **form})
    with bank.working() as work:
        assert answer_token_request(work, read_parameters(sent)).status == 401
    assert ask(bank, assertion(bank), client_secret="x").body["error"] == "invalid_request"
    assert ask(bank, assertion(bank), client_id="web").body["error"] == "invalid_request"


@pytest.mark.line(26)
def test_line_26_only_the_registered_keys_and_their_algorithms(bank: World) -> None:
    claims = {"iss": "signer", "sub": "signer", "aud": ISSUER, "jti": "1"}
    claims |= {"exp": bank.clock.now + 60}
    assert ask(bank, signed(claims, key=STRANGER)).status == 401
    assert ask(bank, signed(claims, alg="RS256")).status == 401
    for more in ({"crit": ["b64"], "b64": True}, {"crit": []}):
        assert ask(bank, signed(claims, **more)).status == 401
    assert ask(bank, signed(claims, typ="at+jwt")).status == 401
    head, body, _ = signed(claims).split(".")
    assert ask(bank, f"{head}.{body}.").status == 401
    none = "eyJhbGciOiJub25lIn0"
    assert ask(bank, f"{none}.{body}.").status == 401
    assert ask(bank, signed(claims)).status == 200


@pytest.mark.module("oidcc-ensure-client-assertion-with-iss-aud-succeeds")
def test_apps_that_exist_may_name_us_by_our_issuer(world: World) -> None:
    add_signer(
        world, "exact-signer", kind=WEB, profile=COMPATIBLE, redirect_uris=(REDIRECT,),
        scopes=frozenset({"openid"}),
    )  # fmt: skip
    text = assertion(world, "exact-signer", "RS256", aud=ISSUER)
    assert ask(world, text).body["error"] == "unauthorized_client"  # known, but no such grant


def test_apps_that_exist_may_name_the_token_endpoint(world: World) -> None:
    add_signer(
        world, "older", kind=WEB, profile=COMPATIBLE, redirect_uris=(REDIRECT,),
        scopes=frozenset({"openid"}),
    )  # fmt: skip
    text = assertion(world, "older", "RS256", aud=[f"{ISSUER}/token"])
    assert ask(world, text).body["error"] == "unauthorized_client"  # known, but no such grant


@pytest.mark.parametrize("text", ["", "{}", '{"keys": []}', '{"keys": [1]}', "[" * 9999])
def test_a_key_set_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadClient):
        read_keys(text)


@pytest.mark.line(26)
def test_private_symmetric_and_weak_keys_are_refused() -> None:
    for key in (
        EC.as_dict(private=True),
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA", "e": "AQAB", "n": WEAK},
        EC.as_dict(private=False) | {"y": EC.as_dict(private=False)["x"]},
    ):
        with pytest.raises(BadClient):
            read_keys(json.dumps({"keys": [key]}))
    assert len(read_keys(JWKS)) == 3


@pytest.mark.line(20)
def test_fifty_uses_of_one_assertion_give_one_token(site: Site) -> None:
    add_signer(site.world)
    form = {"grant_type": "client_credentials", **proving(assertion(site.world))}
    http = site.browser().http
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: http.post("/token", data=form).status_code, range(50)))
    assert answers.count(200) == 1
    assert answers.count(401) == 49


def test_introspection_takes_an_assertion_once(site: Site) -> None:
    add_signer(site.world)
    http = site.browser().http
    form = {"token": "x", **proving(assertion(site.world))}
    assert http.post("/introspect", data=form).json() == {"active": False}
    assert http.post("/introspect", data=form).status_code == 401
