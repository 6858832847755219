"""Tokens that we both sign and read: their headers are written and checked once, not each time.

joserfc checks a header at every use: its algorithm, its type, the key that it names. Ours are one
for each key and kind of token. So the first part of a token is compared with those we write (and
wrote: `alg` stood first once), which settles algorithm, type, key and the absence of anything else
at once; only then the signature is checked, by joserfc's own algorithms. A token that this worker
signed, or checked before, is known by its digest, whole and byte for byte, so its signature is not
computed again while the keys are the same. What it says, and whether it still counts, is looked at
each time all the same.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any

from joserfc.jws import JWSRegistry

from identity.signing.keys import Key, KeyRing

DOTS = 2  # of the compact form
MOST_KNOWN = 20_000  # digests; some three megabytes
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def sign(keys: KeyRing, kind: str, algorithm: str, claims: dict[str, Any]) -> str:
    """Sign claims as a JWS in compact form (RFC 7515 §3.1)."""
    key = keys.signing_by[algorithm]
    message = b"%b.%b" % (_heads(kind, algorithm, str(key.kid))[0], _encoded(_written(claims)))
    signature = JWSRegistry.algorithms[algorithm].sign(message, key)
    token = b"%b.%b" % (message, _encoded(signature))
    _remember(keys, sha256(token).digest())
    return token.decode()


def read(keys: KeyRing, kind: str, algorithms: Iterable[str], token: str) -> dict[str, Any] | None:
    """Return the claims of a token of ours; None if it is not of this kind or not signed here.

    Args:
        keys: ours.
        kind: the `typ` of its header.
        algorithms: with which it may be signed.
        token: anything.
    """
    if not token.isascii() or token.count(".") != DOTS:
        return None
    head = token.partition(".")[0].encode()
    for key in keys.keys:
        algorithm = str(key.alg) if key.get("use") == "sig" else ""
        if algorithm in algorithms and head in _heads(kind, algorithm, str(key.kid)):
            return _claims(token) if _is_good(keys, key, algorithm, token) else None
    return None


def _is_good(keys: KeyRing, key: Key, algorithm: str, token: str) -> bool:
    digest = sha256(token.encode()).digest()
    if digest in keys.known_good:
        return True
    message, _, signature = token.rpartition(".")
    try:
        good = JWSRegistry.algorithms[algorithm].verify(message.encode(), _decoded(signature), key)
    except (ValueError, binascii.Error):
        return False
    if good:
        _remember(keys, digest)
    return good


def _remember(keys: KeyRing, digest: bytes) -> None:
    keys.known_good[digest] = None
    if len(keys.known_good) > MOST_KNOWN:
        keys.known_good.popitem(last=False)


def _claims(token: str) -> dict[str, Any] | None:
    try:
        claims = json.loads(_decoded(token.split(".")[1]))
    except (ValueError, binascii.Error):
        return None
    return claims if isinstance(claims, dict) else None


@lru_cache(maxsize=64)
def _heads(kind: str, algorithm: str, kid: str) -> tuple[bytes, bytes]:
    """Return the header that we write, in joserfc's order, and as it was written before."""
    now = {"typ": kind, "alg": algorithm, "kid": kid}
    before = {"alg": algorithm, "typ": kind, "kid": kid}
    return _encoded(_written(now)), _encoded(_written(before))


def _written(value: dict[str, Any]) -> bytes:
    return _ENCODER.encode(value).encode()


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
