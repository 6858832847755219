"""Apps that publish their keys, and change them."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from identity.apps.client_keys import usable_keys
from identity.apps.clients import WEB
from identity.apps.key_sets import LIFETIME_SECONDS, MOST_READS, MOST_SETS, WINDOW_SECONDS, KeySets
from identity.apps.options import Options
from identity.errors import BadClient
from identity.operating.registry import NewClient, add_client
from tests.identity.conftest import Site
from tests.identity.publishing import Publisher, publishing
from tests.identity.pushing import request_object
from tests.identity.signing import JWKS, add_signer, assertion, proving, signed
from tests.identity.world import COMPANY_CODE, EVERYTHING, REDIRECT, World

module = pytest.mark.module


def fresh(kid: str) -> Any:
    return ECKey.generate_key("P-256", {"kid": kid})


@pytest.fixture
def app(site: Site, tmp_path: Path) -> Iterator[Publisher]:
    """An app that publishes one key, registered anew for each test."""
    with publishing(tmp_path) as publisher:
        publisher.keys = [fresh("one")]
        with site.world.working() as work:
            work.store.clients.remove("publisher")
        add_signer(site.world, "publisher", jwks="", jwks_uri=publisher.url)
        yield publisher


def ask(site: Site, key: Any, **header: Any) -> int:
    world = site.world
    claims = {"iss": "publisher", "sub": "publisher", "aud": world.realm.issuer}
    claims |= {"exp": world.clock.now + 60, "jti": world.realm.fresh_id()}
    form = {"grant_type": "client_credentials", **proving(signed(claims, key=key, **header))}
    return site.browser().http.post("/token", data=form).status_code


@module("oidcc-registration-jwks-uri")
def test_keys_are_read_once_and_kept_for_a_while(site: Site, app: Publisher) -> None:
    for _ in range(3):
        assert ask(site, app.keys[0]) == 200
    assert app.asked == 1
    site.world.clock.now += LIFETIME_SECONDS - 1
    assert ask(site, app.keys[0]) == 200
    assert app.asked == 1
    site.world.clock.now += 1
    assert ask(site, app.keys[0]) == 200
    assert app.asked == 2


@module("oidcc-refresh-token-rp-key-rotation")
@pytest.mark.parametrize("kid", ["two", "one"])
def test_a_new_key_works_at_once_whatever_its_name(site: Site, app: Publisher, kid: str) -> None:
    old = app.keys[0]
    assert ask(site, old) == 200
    app.keys = [fresh(kid)]
    assert ask(site, app.keys[0]) == 200
    assert ask(site, old) == 401


def test_a_key_that_is_withdrawn_ends_with_the_copy(site: Site, app: Publisher) -> None:
    old = app.keys[0]
    assert ask(site, old) == 200
    app.keys = []
    assert ask(site, old) == 200
    site.world.clock.now += LIFETIME_SECONDS
    assert ask(site, old) == 401


def test_strangers_cannot_make_us_read_without_end(site: Site, app: Publisher) -> None:
    for _ in range(MOST_READS * 3):
        assert ask(site, fresh("stranger")) == 401
    assert app.asked == MOST_READS
    assert ask(site, app.keys[0]) == 200
    site.world.clock.now += WINDOW_SECONDS
    assert ask(site, fresh("stranger")) == 401
    assert app.asked == MOST_READS + 1


def test_fifty_requests_at_once_read_the_keys_once(site: Site, app: Publisher) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ask(site, app.keys[0]), range(50)))
    assert answers == [200] * 50
    assert app.asked == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, None), (302, None), (200, b"no JSON"), (200, b"\xff"), (200, b"[" * 70_000)],
)
def test_what_is_no_key_set_gives_no_keys(
    site: Site, app: Publisher, status: int, body: bytes | None
) -> None:
    app.status, app.body = status, body
    assert ask(site, app.keys[0]) == 401
    app.status, app.body = 200, None
    assert ask(site, app.keys[0]) == 200


def test_a_server_that_fails_for_a_moment_loses_no_keys(site: Site, app: Publisher) -> None:
    assert ask(site, app.keys[0]) == 200
    app.status = 500
    assert ask(site, fresh("stranger")) == 401
    assert app.asked == 2
    assert ask(site, app.keys[0]) == 200


def test_the_one_algorithm_an_app_registered(site: Site) -> None:
    chosen = Options(token_endpoint_auth_signing_alg="ES256")
    add_signer(site.world, "chooser", options=chosen)
    http = site.browser().http
    for alg, status in (("ES256", 200), ("EdDSA", 401), ("PS256", 401)):
        text = assertion(site.world, "chooser", alg)
        form = {"grant_type": "client_credentials", **proving(text)}
        assert http.post("/token", data=form).status_code == status


def test_keys_for_somebody_else_do_not_spoil_a_set() -> None:
    strange = {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}
    listed = [strange, {"kty": "oct", "k": "AA"}, "no key", *json.loads(JWKS)["keys"]]
    assert len(usable_keys(json.dumps({"keys": listed}))) == 3
    for text in ("", "[]", '{"keys": 7}', "[" * 9999):
        assert usable_keys(text) == ()


def test_the_sets_at_hand_are_bounded() -> None:
    sets = KeySets()
    for number in range(MOST_SETS + 1):
        sets.read(f"https://{number}.example", 0, lambda _: JWKS.encode(), 1000)
    assert not sets.find("https://0.example").document
    assert sets.find(f"https://{MOST_SETS}.example").document


@pytest.mark.parametrize(
    ("jwks", "jwks_uri"),
    [("", ""), (JWKS, "https://app.example/jwks"), ("", "http://app.example/jwks")],
)
def test_an_operator_registers_keys_or_where_they_are(
    world: World, jwks: str, jwks_uri: str
) -> None:
    new = NewClient(
        "keyed", "演示·银行", COMPANY_CODE, "service", frozenset({"licence.verify"}),
        auth_method="private_key_jwt", jwks=jwks, jwks_uri=jwks_uri,
    )  # fmt: skip
    with world.working() as work, pytest.raises(BadClient):
        add_client(work, new)


def test_a_request_object_is_checked_with_published_keys(site: Site, app: Publisher) -> None:
    scopes = {"redirect_uris": (REDIRECT,), "scopes": EVERYTHING, "kind": WEB}
    with site.world.working() as work:
        work.store.clients.remove("published")
    add_signer(site.world, "published", jwks="", jwks_uri=app.url, **scopes)
    browser = site.browser("reader")
    for turn in range(2):
        app.keys = [fresh(f"turn {turn}")]
        text = request_object(site.world, "published", key=app.keys[0])
        assert browser.authorize({"client_id": "published", "request": text})["code"]
    assert app.asked == 2
