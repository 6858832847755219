"""Signed tokens: one `typ` per kind, so that no kind passes for another (RFC 8725 §3.11)."""

import base64
from collections.abc import Collection
from hashlib import sha256, sha512
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from identity.errors import BadAccessToken
from identity.keys import ALGORITHM, ALGORITHMS, KeyRing

ACCESS = "at+jwt"  # RFC 9068 §2.1
ID = "JWT"
USERINFO = "userinfo+jwt"
INTROSPECTION = "token-introspection+jwt"  # RFC 9701 §5
ANSWER = "authorization-response+jwt"  # JARM names no type; one of its own keeps it apart
MOST_CHARACTERS = 8192


def sign_token(keys: KeyRing, kind: str, claims: dict[str, Any], algorithm: str = ALGORITHM) -> str:
    """Sign a token of a kind: `ACCESS`, `ID`, `USERINFO` or `ANSWER`."""
    key = keys.signing_by[algorithm]
    return jwt.encode({"alg": algorithm, "typ": kind, "kid": key.kid}, claims, key, [algorithm])


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
    try:
        read = jwt.decode(token, keys.verifying, [ALGORITHM] if kind == ACCESS else ALGORITHMS)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):  # any shape comes in
        raise BadAccessToken("the token was not signed here") from None
    if read.header.get("typ") != kind or "crit" in read.header:
        raise BadAccessToken(f"the token is not of the kind {kind}")
    return dict(read.claims)


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
