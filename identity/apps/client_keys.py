"""Public keys of apps: what may be registered, and what each may sign with (RFC 7517, RFC 8725)."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from identity.errors import BadClient

PublicKey = ECKey | OKPKey | RSAKey

ES256, EDDSA, PS256, RS256 = "ES256", "EdDSA", "PS256", "RS256"
STRICT_ALGORITHMS = (ES256, EDDSA, PS256)  # FAPI 2.0 Security Profile §5.4.1
ALGORITHMS = (*STRICT_ALGORITHMS, RS256)
FEWEST_RSA_BITS = 2048
MOST_KEYS = 10
PRIVATE_PARTS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_FITTING = {"EC": (ES256,), "OKP": (EDDSA,), "RSA": (PS256, RS256)}


def read_key(value: object) -> PublicKey:
    """Read one public key (RFC 7517 §4).

    Raises:
        BadClient: it is private, symmetric, weak, of another kind, or no key at all.
    """
    if not isinstance(value, dict):
        raise BadClient("a key is a JSON object")
    if PRIVATE_PARTS & value.keys():
        raise BadClient("a private or symmetric key stays with its owner")
    try:
        key = _import(value)
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadClient("not a public key: P-256, Ed25519, or RSA of 2048 bits and more") from None
    return key


def _import(value: Mapping[str, Any]) -> PublicKey:
    match value.get("kty"), value.get("crv"):
        case "EC", "P-256":
            key: PublicKey = ECKey.import_key(dict(value))
        case "OKP", "Ed25519":
            key = OKPKey.import_key(dict(value))
        case "RSA", _ if rsa_bits(value) >= FEWEST_RSA_BITS:
            key = RSAKey.import_key(dict(value))
        case _:
            raise ValueError("kty")
    key.public_key  # noqa: B018  # builds it, so that a point off the curve is refused here
    return key


def rsa_bits(value: Mapping[str, Any]) -> int:
    """Return how long the modulus of an RSA key is."""
    encoded = str(value.get("n", ""))
    modulus = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    return int.from_bytes(modulus, "big").bit_length()


def read_keys(text: str) -> Sequence[PublicKey]:
    """Read a JSON Web Key Set of public keys.

    Raises:
        BadClient: one of them cannot be used, or there is none.
    """
    try:
        keys = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadClient('a key set is a JSON object with "keys"') from None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise BadClient(f"a key set has 1 to {MOST_KEYS} keys")
    return [read_key(each) for each in keys]


@lru_cache(maxsize=1024)
def usable_keys(text: str) -> Sequence[PublicKey]:
    """Return those of a JSON Web Key Set that we can use; others may be for somebody else
    (RFC 7517 §5).
    """
    try:
        listed = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    if not isinstance(listed, list):
        return ()
    return tuple(_usable(listed[:MOST_KEYS]))


def _usable(listed: Sequence[object]) -> Iterator[PublicKey]:
    for each in listed:
        with suppress(BadClient):
            yield read_key(each)


def may_sign(key: PublicKey, algorithm: str) -> bool:
    """Tell whether a key may be used with an algorithm (RFC 8725 §3.1)."""
    named = key.get("alg")
    used = key.get("use")
    return (
        algorithm in _FITTING[key.key_type] and named in {None, algorithm} and used in {None, "sig"}
    )
