"""Signed tokens: ES256, one `typ` per kind, so that no kind passes for another (RFC 8725 §3.11)."""

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from identity.errors import BadAccessToken
from identity.keys import ALGORITHM, KeyRing

ACCESS = "at+jwt"  # RFC 9068 §2.1
ID = "JWT"
MOST_CHARACTERS = 8192


def sign_token(keys: KeyRing, kind: str, claims: dict[str, Any]) -> str:
    """Sign a token of a kind: `ACCESS` or `ID`."""
    key = keys.signing
    return jwt.encode({"alg": ALGORITHM, "typ": kind, "kid": key.kid}, claims, key, [ALGORITHM])


def verify_signature(keys: KeyRing, kind: str, token: str) -> dict[str, Any]:
    """Check that a token is of a kind and signed here, and return its claims; not its times.

    Raises:
        BadAccessToken: it is not.
    """
    if len(token) > MOST_CHARACTERS:
        raise BadAccessToken("the token is too long")
    try:
        read = jwt.decode(token, keys.verifying, [ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):  # any shape comes in
        raise BadAccessToken("the token was not signed here") from None
    if read.header.get("typ") != kind or "crit" in read.header:
        raise BadAccessToken(f"the token is not of the kind {kind}")
    return dict(read.claims)


def verify_token(keys: KeyRing, token: str, issuer: str, audience: str, now: int) -> dict[str, Any]:
    """Check an access token and return its claims (RFC 9068 §4).

    Raises:
        BadAccessToken: not signed here, not for us, or expired.
    """
    claims = verify_signature(keys, ACCESS, token)
    if claims.get("iss") != issuer or claims.get("aud") != audience:
        raise BadAccessToken("the token is meant for somebody else")
    if now >= claims["exp"]:
        raise BadAccessToken("the token has expired")
    return claims
