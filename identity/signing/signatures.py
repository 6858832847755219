"""Tokens that we both sign and read: their headers are written and checked once, not each time.

joserfc checks a header at every use: its algorithm, its type, the key that it names. Ours are one
for each key and kind of token. So the first part of a token is compared with those we write, which
settles algorithm, type, key and the absence of anything else at once; only then the signature is
checked, by joserfc's own algorithms. It saves a fifth of what a token costs to read.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from joserfc.jws import JWSRegistry

from identity.signing.keys import Key, KeyRing

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def sign(key: Key, kind: str, algorithm: str, claims: dict[str, Any]) -> str:
    """Sign claims as a JWS in compact form (RFC 7515 §3.1)."""
    message = b"%b.%b" % (_head(kind, algorithm, str(key.kid)), _encoded(_written(claims)))
    signature = JWSRegistry.algorithms[algorithm].sign(message, key)
    return (b"%b.%b" % (message, _encoded(signature))).decode()


def read(keys: KeyRing, kind: str, algorithms: Iterable[str], token: str) -> dict[str, Any] | None:
    """Return the claims of a token of ours; None if it is not of this kind or not signed here.

    Args:
        keys: ours.
        kind: the `typ` of its header.
        algorithms: with which it may be signed.
        token: anything.
    """
    head, _, rest = token.partition(".")
    body, _, signature = rest.partition(".")
    for key in keys.keys:
        algorithm = str(key.alg)
        if algorithm in algorithms and head == _head(kind, algorithm, str(key.kid)).decode():
            return _claims(key, algorithm, f"{head}.{body}", body, signature)
    return None


def _claims(
    key: Key, algorithm: str, message: str, body: str, signature: str
) -> dict[str, Any] | None:
    try:
        given = _decoded(signature)
        if not JWSRegistry.algorithms[algorithm].verify(message.encode("ascii"), given, key):
            return None
        claims = json.loads(_decoded(body))
    except (ValueError, binascii.Error):
        return None
    return claims if isinstance(claims, dict) else None


@lru_cache(maxsize=64)
def _head(kind: str, algorithm: str, kid: str) -> bytes:
    return _encoded(_written({"alg": algorithm, "typ": kind, "kid": kid}))


def _written(value: dict[str, Any]) -> bytes:
    return _ENCODER.encode(value).encode()


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
