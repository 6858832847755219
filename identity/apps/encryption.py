"""What only one app can read: signed first, then encrypted to a key of that app (RFC 7516)."""

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from identity.apps.client_keys import FEWEST_RSA_BITS, MOST_KEYS, PRIVATE_PARTS, rsa_bits
from identity.errors import NoKeyToEncrypt, Undecipherable

RSA_WRAP = "RSA-OAEP-256"
KEY_WRAPS = (RSA_WRAP, "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
USUAL_CIPHER = "A128CBC-HS256"  # Registration §2
CIPHERS = (USUAL_CIPHER, "A128GCM", "A256GCM")
CURVES = {"EC": {"P-256", "P-384", "P-521"}, "OKP": {"X25519"}}

Key = ECKey | OKPKey | RSAKey


def encrypt(content: str, keys: str, wrap: str, cipher: str, kind: str = "JWT") -> str:
    """Encrypt a signed token, or a document.

    Args:
        content: what to encrypt.
        keys: the reader's JSON Web Key Set, as text.
        wrap: how the content key is wrapped, one of `KEY_WRAPS`.
        cipher: how the content is encrypted, one of `CIPHERS`.
        kind: `cty`, what is inside (RFC 7519 §5.2); empty for plain JSON.

    Raises:
        NoKeyToEncrypt: the set has no key for that.
    """
    key = find_key(keys, wrap)
    if key is None:
        raise NoKeyToEncrypt(f"this app has no public key that fits {wrap}")
    header = {"alg": wrap, "enc": cipher, "cty": kind, "kid": key.get("kid")}
    told = {name: value for name, value in header.items() if value}
    return jwe.encrypt_compact(told, content, key, [wrap, cipher])


def decrypt(text: str, keys: Sequence[Key]) -> str:
    """Decrypt what an app encrypted to us, in one of the ways we offer.

    Raises:
        Undecipherable: with none of our keys.
    """
    for wrap in KEY_WRAPS:
        for key in keys:
            if (key.key_type == "RSA") == (wrap == RSA_WRAP):
                with suppress(JoseError, ValueError, TypeError, KeyError, InvalidTag):
                    return _opened(text, key, wrap)
    raise Undecipherable("this cannot be decrypted with a key of ours")


def _opened(text: str, key: Key, wrap: str) -> str:
    read = jwe.decrypt_compact(text, key, [wrap, *CIPHERS])
    if read.plaintext is None:
        raise ValueError("nothing inside")
    return read.plaintext.decode()


def find_key(keys: str, wrap: str) -> Key | None:
    """Find the key of a set to which one encrypts; first those meant for nothing else."""
    fitting = [key for key in read_keys(keys) if _fits(key, wrap)]
    return min(fitting, key=lambda key: key.get("use") != "enc", default=None)


def _fits(key: Key, wrap: str) -> bool:
    return (key.key_type == "RSA") == (wrap == RSA_WRAP) and key.get("alg") in {None, wrap}


@lru_cache(maxsize=256)
def read_keys(text: str) -> Sequence[Key]:
    """Read the keys of a set to which one can encrypt, and pass over all others."""
    try:
        listed = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    found = []
    for each in listed[:MOST_KEYS] if isinstance(listed, list) else ():
        with suppress(JoseError, ValueError, TypeError, KeyError, AttributeError):
            found.append(_read_key(each))
    return tuple(found)


def _read_key(value: dict[str, Any]) -> Key:
    if PRIVATE_PARTS & value.keys() or value.get("use") not in {None, "enc"}:
        raise ValueError("use")
    kind, curve = value["kty"], value.get("crv")
    if kind == "RSA" and rsa_bits(value) >= FEWEST_RSA_BITS:
        key: Key = RSAKey.import_key(value)
    elif curve in CURVES.get(kind, ()):
        key = ECKey.import_key(value) if kind == "EC" else OKPKey.import_key(value)
    else:
        raise ValueError("kty")
    key.public_key  # noqa: B018  # builds it, so that a point off the curve is refused here
    return key
