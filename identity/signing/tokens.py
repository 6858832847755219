"""Signed tokens: one `typ` per kind, so that no kind passes for another (RFC 8725 §3.11)."""

import base64
from collections.abc import Collection
from hashlib import sha256, sha512
from typing import Any

from identity.errors import BadAccessToken
from identity.signing.keys import ALGORITHM, ALGORITHMS, KeyRing
from identity.signing.signatures import read, sign

ACCESS = "at+jwt"  # RFC 9068 §2.1
ID = "JWT"
USERINFO = "userinfo+jwt"
INTROSPECTION = "token-introspection+jwt"  # RFC 9701 §5
ANSWER = "authorization-response+jwt"  # JARM names no type; one of its own keeps it apart
MOST_CHARACTERS = 8192


def sign_token(keys: KeyRing, kind: str, claims: dict[str, Any], algorithm: str = ALGORITHM) -> str:
    """Sign a token of a kind: `ACCESS`, `ID`, `USERINFO` or `ANSWER`."""
    return sign(keys, kind, algorithm, claims)


def half_hash(text: str, algorithm: str) -> str:
    """Hash a value for `at_hash` (OpenID Connect Core §3.1.3.6)."""
    hashed = (sha512 if algorithm == "EdDSA" else sha256)(text.encode()).digest()
    return base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()


def verify_signature(keys: KeyRing, kind: str, token: str) -> dict[str, Any]:
    """Check that a token is of a kind and signed here, and return its claims; not its times.

    Raises:
        BadAccessToken: it is not.
    """
    if len(token) > MOST_CHARACTERS:
        raise BadAccessToken("the token is too long")
    claims = read(keys, kind, (ALGORITHM,) if kind == ACCESS else ALGORITHMS, token)
    if claims is None:
        raise BadAccessToken(f"not a token of the kind {kind} that was signed here")
    return claims


def verify_token(
    keys: KeyRing, token: str, issuer: str, audiences: Collection[str], now: int
) -> dict[str, Any]:
    """Check an access token and return its claims (RFC 9068 §4).

    Args:
        keys: ours.
        token: the token.
        issuer: our name.
        audiences: interfaces of which one must be meant.
        now: Unix seconds.

    Raises:
        BadAccessToken: not signed here, not for one of them, or expired.
    """
    claims = verify_signature(keys, ACCESS, token)
    meant = claims.get("aud")
    named = meant if isinstance(meant, list) else [meant]
    if claims.get("iss") != issuer or not any(each in named for each in audiences):
        raise BadAccessToken("the token is meant for somebody else")
    if now >= claims["exp"]:
        raise BadAccessToken("the token has expired")
    return claims
