"""Checking another provider's ID token, strictly (OpenID Connect Core §3.1.3.7)."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from identity.apps.client_keys import ALGORITHMS, PublicKey
from identity.errors import UpstreamFailed
from identity.signing.tokens import MOST_CHARACTERS, half_hash
from identity.upstreams.configured import Upstream

LEEWAY_SECONDS = 10
OLDEST_SECONDS = 10 * 60
SUBJECT_CHARACTERS = 255
LATEST = 1 << 40  # far beyond any date

FindKeys = Callable[[object], list[PublicKey]]


@dataclass(frozen=True)
class Vouched:
    """What a provider says about somebody.

    Attributes:
        subject: its own name for them.
        acr: how well it knows who they are, in its words; empty if it does not say.
        amr: by what they signed in there.
        auth_time: when, None if it does not say.
        claims: all that it says.
    """

    subject: str
    acr: str
    amr: tuple[str, ...]
    auth_time: int | None
    claims: Mapping[str, Any]


def check_id_token(
    upstream: Upstream, find_keys: FindKeys, token: str, access_token: str, nonce: str, now: int
) -> Vouched:
    """Check an ID token.

    1. Signed by a key of the provider, with an algorithm of the key's own kind.
    2. From that issuer, for us, and for nobody else unless it says that we asked.
    3. Made just now, and not over.
    4. Made for this very request, and with this very access token.

    Raises:
        UpstreamFailed: something of it is wrong.
    """
    header, claims = _signed(find_keys, token)  # 1
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    if claims.get("iss") != upstream.issuer:  # 2
        raise UpstreamFailed("the ID token is of another issuer")
    if upstream.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise UpstreamFailed("the ID token is for somebody else")
    if claims.get("azp", None if several else upstream.client_id) != upstream.client_id:
        raise UpstreamFailed("the ID token was asked for by somebody else")
    _check_times(claims, now)  # 3
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):  # 4
        raise UpstreamFailed("the ID token is of another request")
    at_hash = claims.get("at_hash")
    if at_hash is not None and at_hash != half_hash(access_token, str(header["alg"])):
        raise UpstreamFailed("the ID token is of another access token")
    return _read(claims)


def _signed(find_keys: FindKeys, token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        if len(token) > MOST_CHARACTERS:
            raise ValueError("too long")
        header = jws.extract_compact(token.encode()).headers()
        if "crit" in header or header.get("alg") not in ALGORITHMS:
            raise ValueError("alg")
        for key in find_keys(header.get("kid")):
            claims = _opened(token, key, str(header["alg"]))
            if claims is not None:
                return header, claims
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UpstreamFailed("the ID token cannot be read") from None
    raise UpstreamFailed("the ID token is not signed by the provider")


def _opened(token: str, key: PublicKey, algorithm: str) -> Mapping[str, Any] | None:
    try:
        return dict(jwt.decode(token, key, [algorithm]).claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        return None


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    until, made = _time(claims.get("exp")), _time(claims.get("iat"))
    if until is None or made is None:
        raise UpstreamFailed("the ID token has no times")
    if now >= until + LEEWAY_SECONDS:
        raise UpstreamFailed("the ID token is over")
    if not now - OLDEST_SECONDS <= made <= now + LEEWAY_SECONDS:
        raise UpstreamFailed("the ID token was not made just now")


def _time(value: object) -> int | None:
    """Read a NumericDate; no truth value, and nothing that compares with nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if abs(value) < LATEST else None


def _read(claims: Mapping[str, Any]) -> Vouched:
    subject, acr, amr = claims.get("sub"), claims.get("acr"), claims.get("amr")
    if not isinstance(subject, str) or not 1 <= len(subject) <= SUBJECT_CHARACTERS:
        raise UpstreamFailed("the ID token names nobody")
    methods = amr if isinstance(amr, list) else []
    return Vouched(
        subject,
        acr if isinstance(acr, str) else "",
        tuple(each for each in methods if isinstance(each, str)),
        _time(claims.get("auth_time")),
        claims,
    )
