"""What only one app can read: nested tokens, each way of wrapping, and keys that do not fit."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from identity.apps.encryption import CIPHERS, KEY_WRAPS, decrypt, encrypt, find_key
from identity.apps.key_sets import LIFETIME_SECONDS
from identity.errors import NoKeyToEncrypt, Undecipherable
from identity.operating.rotating import newest_of, refresh_keys, rotate
from identity.signing.keys import ALGORITHMS
from tests.identity.browser import Browser
from tests.identity.conftest import Site
from tests.identity.publishing import Publisher, publishing
from tests.identity.pushing import add_bank, push_object, request_object, told_of
from tests.identity.test_registration import registered, tokens_of
from tests.identity.world import World

EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "enc"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "enc"})
X25519 = OKPKey.generate_key("X25519", {"kid": "x", "use": "enc"})
SIGNING = ECKey.generate_key("P-256", {"kid": "sig", "use": "sig"})
PLAIN = ECKey.generate_key("P-256", {"kid": "plain"})


def public(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def text(*keys: Any) -> str:
    return json.dumps(public(*keys))


def key_for(wrap: str) -> Any:
    return RSA if wrap.startswith("RSA") else EC


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    with publishing(tmp_path) as running:
        yield running


@pytest.mark.parametrize("wrap", KEY_WRAPS)
@pytest.mark.parametrize("cipher", CIPHERS)
def test_whoever_holds_the_key_reads_it_and_nobody_else(wrap: str, cipher: str) -> None:
    written = encrypt("a signed token", text(SIGNING, EC, RSA), wrap, cipher)
    read = jwe.decrypt_compact(written, key_for(wrap), [wrap, cipher])
    assert read.plaintext == b"a signed token"
    header = {"alg": wrap, "enc": cipher, "cty": "JWT", "kid": key_for(wrap).kid}
    assert read.protected.items() >= header.items()
    stranger = RSAKey.generate_key(2048) if key_for(wrap) is RSA else PLAIN
    with pytest.raises((JoseError, ValueError)):
        jwe.decrypt_compact(written, stranger, [wrap, cipher])


def test_other_curves_will_do_for_agreement() -> None:
    for key in (X25519, ECKey.generate_key("P-384"), ECKey.generate_key("P-521")):
        written = encrypt("x", text(key), "ECDH-ES", "A256GCM")
        assert jwe.decrypt_compact(written, key, ["ECDH-ES", "A256GCM"]).plaintext == b"x"


def test_a_key_meant_for_encryption_comes_first() -> None:
    found = find_key(text(PLAIN, EC), "ECDH-ES")
    assert found is not None
    assert found.get("kid") == "ec"


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "{",
        '{"keys": 1}',
        text(SIGNING),
        text(RSA),
        pytest.param(text(OKPKey.generate_key("Ed25519")), id="Ed25519"),
        json.dumps({"keys": [{**EC.as_dict(private=False), "alg": "ECDH-ES+A256KW"}]}),
        json.dumps({"keys": [EC.as_dict(private=True)]}),
        json.dumps({"keys": [{**EC.as_dict(private=False), "x": "AAAA"}]}),
        json.dumps({"keys": [{"kty": "EC"}, {"kty": []}, None, {"kty": "RSA", "n": "AQ"}]}),
    ],
)
def test_a_set_without_a_fitting_key_is_refused(keys: str) -> None:
    with pytest.raises(NoKeyToEncrypt):
        encrypt("x", keys, "ECDH-ES", "A128GCM")


def test_a_weak_rsa_key_does_not_fit() -> None:
    with pytest.warns(match="bits"):
        weak = json.dumps(public(RSAKey.generate_key(1024, auto_kid=False)))
    assert find_key(weak, "RSA-OAEP-256") is None


def opened(token: str, wrap: str, cipher: str = "A128CBC-HS256") -> str:
    read = jwe.decrypt_compact(token, key_for(wrap), [wrap, cipher])
    return (read.plaintext or b"").decode()


def claims_in(browser: Browser, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(browser.http.get("/jwks").json())
    return dict(jwt.decode(token, keys, ["RS256"]).claims)


@pytest.mark.parametrize("wrap", KEY_WRAPS)
def test_an_id_token_is_signed_and_then_encrypted(site: Site, wrap: str) -> None:
    browser = site.browser("reader")
    app = registered(browser, jwks=public(EC, RSA), id_token_encrypted_response_alg=wrap)
    tokens = tokens_of(browser, app)
    claims = claims_in(browser, opened(tokens["id_token"], wrap))
    assert claims["aud"] == app["client_id"]
    assert tokens["access_token"].count(".") == 2


@pytest.mark.parametrize("signed", [True, False])
def test_userinfo_is_encrypted_with_and_without_a_signature(site: Site, *, signed: bool) -> None:
    browser = site.browser("reader")
    more = {"userinfo_signed_response_alg": "RS256"} if signed else {}
    app = registered(
        browser,
        jwks=public(RSA),
        userinfo_encrypted_response_alg="RSA-OAEP-256",
        userinfo_encrypted_response_enc="A256GCM",
        **more,
    )
    headers = {"Authorization": f"Bearer {tokens_of(browser, app)['access_token']}"}
    answer = browser.http.get("/userinfo", headers=headers)
    assert answer.headers["content-type"] == "application/jwt"
    inside = opened(answer.text, "RSA-OAEP-256", "A256GCM")
    claims = claims_in(browser, inside) if signed else json.loads(inside)
    assert claims["name"]
    assert ("iss" in claims) is signed


def test_keys_at_an_address_are_fetched_before_the_code_is_spent(
    site: Site, publisher: Publisher
) -> None:
    browser = site.browser("reader")
    publisher.keys = [EC]
    app = registered(
        browser,
        jwks_uri=publisher.url,
        id_token_encrypted_response_alg="ECDH-ES",
        userinfo_encrypted_response_alg="ECDH-ES",
    )
    tokens = tokens_of(browser, app)
    assert claims_in(browser, opened(tokens["id_token"], "ECDH-ES"))["sub"]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert json.loads(opened(browser.http.get("/userinfo", headers=headers).text, "ECDH-ES"))
    assert publisher.asked == 1
    publisher.keys = []
    site.world.clock.now += LIFETIME_SECONDS
    refused = browser.http.get("/userinfo", headers=headers)
    assert refused.status_code == 400
    assert "invalid_request" in refused.headers["www-authenticate"]


def encrypt_to_us(site: Site, text: str, wrap: str = "ECDH-ES", cipher: str = "A256GCM") -> str:
    """Encrypt something as an app does: to the key we publish for it."""
    keys = site.browser().http.get("/jwks").json()["keys"]
    kind = "RSA" if wrap.startswith("RSA") else "EC"
    (ours,) = [key for key in keys if key["use"] == "enc" and key["kty"] == kind]
    return encrypt(text, json.dumps({"keys": [ours]}), wrap, cipher)


@pytest.fixture
def bank(site: Site) -> Site:
    add_bank(site.world)
    return site


@pytest.mark.parametrize("wrap", KEY_WRAPS)
def test_a_bank_may_push_a_request_that_only_we_can_read(bank: Site, wrap: str) -> None:
    text = encrypt_to_us(bank, request_object(bank.world), wrap)
    answer = told_of(bank, bank.browser(), push_object(bank, text))
    assert answer["state"] == "the state"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-2] + ("AA" if not text.endswith("AA") else "BB"),
        lambda text: ".".join(["eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0", *text.split(".")[1:]]),
        lambda text: "x." * 4 + "x",
        lambda text: "." * 4,
    ],
)
def test_a_request_that_cannot_be_opened_is_refused(bank: Site, spoil: Any) -> None:
    answer = push_object(bank, spoil(encrypt_to_us(bank, request_object(bank.world))))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request_object"


def test_encryption_is_no_signature(bank: Site) -> None:
    """Anybody can encrypt to us: what is inside still has to be signed by the app."""
    stranger = ECKey.generate_key("P-256", {"kid": "ec"})
    text = encrypt_to_us(bank, request_object(bank.world, key=stranger))
    assert push_object(bank, text).json()["error"] == "invalid_request_object"


def test_what_is_inside_is_not_unpacked(bank: Site) -> None:
    """A few bytes that unpack to a gigabyte are refused (RFC 7516 §4.1.3, RFC 8725 §3.6)."""
    keys = bank.browser().http.get("/jwks").json()["keys"]
    (ours,) = [key for key in keys if key["use"] == "enc" and key["kty"] == "EC"]
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "zip": "DEF"}
    key = ECKey.import_key(ours)
    ways = ["ECDH-ES", "A256GCM", "DEF"]
    for size in (10, 10**6):
        bomb = jwe.encrypt_compact(header, b"0" * size, key, ways)
        assert len(bomb) < 4000
        with pytest.raises(Undecipherable):
            decrypt(bomb, bank.world.realm.keys.decrypting)
    assert push_object(bank, bomb).json()["error"] == "invalid_request_object"


def test_an_app_that_registered_one_way_is_held_to_it(site: Site) -> None:
    add_bank(site.world, "one-way", request_object_encryption_alg="ECDH-ES")
    for wrap, status in (("ECDH-ES", 201), ("ECDH-ES+A256KW", 400), ("RSA-OAEP-256", 400)):
        text = encrypt_to_us(site, request_object(site.world, "one-way"), wrap)
        assert push_object(site, text, "one-way").status_code == status


def test_keys_for_encryption_sign_nothing_and_are_rotated(world: World) -> None:
    keys = world.realm.keys
    assert {keys.signing_by[each].get("use") for each in ALGORITHMS} == {"sig"}
    assert {key.key_type for key in keys.decrypting} == {"RSA", "EC"}
    text = encrypt("x", json.dumps(keys.published()), "ECDH-ES", "A128GCM")
    kept = refresh_keys(world.realm)
    assert rotate(world.realm, newest_of(kept, "ECDH-ES"))
    refresh_keys(world.realm)
    assert len(world.realm.keys.decrypting) == len(keys.decrypting) + 1
    assert decrypt(text, world.realm.keys.decrypting) == "x"
