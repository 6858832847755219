"""An app proves itself by a signed statement (RFC 7523 §3, FAPI 2.0 Security Profile §5.3.2.1).

1. It is a JWT of a sane size, and not a token of another kind.
2. A registered key signed it, with an algorithm that app's profile and that key allow.
3. It speaks of this app and nobody else: `iss` and `sub`.
4. It is meant for us: `aud`.
5. It counts now, and not for long: `exp`, `nbf`, `iat`.
6. It has a name, `jti`, so that the caller can refuse its second use.
"""

import base64
import binascii
import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from identity.apps.client_keys import ALGORITHMS, PublicKey, may_sign
from identity.errors import BadAssertion, UnknownSigner

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_SECONDS = 300
SKEW_SECONDS = 10  # FAPI 2.0 Security Profile §5.3.2.1: up to 10 s ahead are accepted
MOST_CHARACTERS = 8192
MOST_NAME_CHARACTERS = 256
TYPES = {None, "JWT", "client-authentication+jwt"}


class _Registry(JWSRegistry):
    """Reads headers that hold a key or a certificate, and passes over names it does not know
    (RFC 7515 §4); `crit` is refused before.
    """

    max_header_length = MOST_CHARACTERS


_REGISTRIES = {each: _Registry(algorithms=[each], strict_check_header=False) for each in ALGORITHMS}


@dataclass(frozen=True)
class Assertion:
    """A statement that was checked, but for its second use.

    Attributes:
        jti: its name.
        expires_at: first second in which it no longer works.
    """

    jti: str
    expires_at: int


@dataclass(frozen=True)
class Expected:
    """What an assertion has to say.

    Attributes:
        client_id: of whom it speaks.
        audiences: names of ours it may be meant for.
        algorithms: with which it may be signed.
        plain_audience: `aud` is one string; otherwise a list with one of them will do.
    """

    client_id: str
    audiences: Collection[str]
    algorithms: Collection[str]
    plain_audience: bool


def named_client(assertion: str) -> str:
    """Return whom an assertion claims to be from, unchecked; empty if it says nothing."""
    name = (_read_part(assertion, 1) or {}).get("sub")
    return name if isinstance(name, str) and name.isprintable() else ""


def check_assertion(
    assertion: str, keys: Sequence[PublicKey], expected: Expected, now: int
) -> Assertion:
    """Check an assertion.

    Raises:
        BadAssertion: the step that fails says why.
    """
    claims = verify_signed(assertion, keys, expected.algorithms, TYPES)  # 1, 2
    if not claims.get("iss") == claims.get("sub") == expected.client_id:  # 3
        raise BadAssertion("iss and sub must both be the client_id")
    _check_audience(claims.get("aud"), expected)  # 4
    expires_at = check_times(claims, now, LIFETIME_SECONDS)  # 5
    return Assertion(read_name(claims.get("jti")), expires_at)  # 6


def verify_signed(
    token: str, keys: Sequence[PublicKey], algorithms: Collection[str], types: Collection[object]
) -> dict[str, Any]:
    """Check who signed a JWT and how, and return its claims; not what they say.

    Raises:
        BadAssertion: nobody who may.
    """
    if len(token) > MOST_CHARACTERS:
        raise BadAssertion("the JWT is too long")
    header = read_header(token)
    algorithm = header.get("alg")
    if algorithm not in algorithms or header.get("typ") not in types or "crit" in header:
        raise BadAssertion(f"the JWT must be signed with one of {', '.join(algorithms)}")
    kid = header.get("kid")
    for key in keys:
        if may_sign(key, str(algorithm)) and _may_be(key, kid):
            try:
                return dict(jwt.decode(token, key, registry=_REGISTRIES[str(algorithm)]).claims)
            except (JoseError, ValueError, TypeError):
                continue
            except RecursionError:  # the signature was right, what it signs is nested without end
                raise BadAssertion("not a JWT") from None
    raise UnknownSigner("no registered key made this signature")


def _may_be(key: PublicKey, kid: object) -> bool:
    """Tell whether a key may be the one that is named; a key without a name may be any."""
    return kid is None or key.get("kid") in {None, kid}


def read_header(token: str) -> dict[str, Any]:
    """Read the header of a JWT, unchecked.

    Raises:
        BadAssertion: it is no JWT.
    """
    header = _read_part(token, 0)
    if header is None or not _is_scalar(header):
        raise BadAssertion("not a JWT")
    return header


def read_payload(token: str) -> dict[str, Any]:
    """Read the claims of a JWT, unchecked.

    Raises:
        BadAssertion: it is no JWT.
    """
    claims = _read_part(token, 1)
    if claims is None:
        raise BadAssertion("not a JWT")
    return claims


def _read_part(token: str, place: int) -> dict[str, Any] | None:
    try:
        encoded = token.split(".")[place]
        part = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return None
    return part if isinstance(part, dict) else None


def _is_scalar(header: dict[str, Any]) -> bool:
    """Tell whether what is compared here can be compared."""
    return all(isinstance(header.get(name), str | None) for name in ("alg", "typ", "kid"))


def _check_audience(audience: object, expected: Expected) -> None:
    meant = audience if isinstance(audience, list) and not expected.plain_audience else [audience]
    if not any(isinstance(each, str) and each in expected.audiences for each in meant):
        raise BadAssertion("aud must be the issuer")


def check_times(claims: dict[str, Any], now: int, lifetime: int) -> int:
    """Check `exp`, `nbf` and `iat`; return the first second in which the JWT no longer works.

    Raises:
        BadAssertion: it is over, has not begun, or lasts too long.
    """
    expires_at = numeric_date(claims.get("exp"))
    if expires_at is None or expires_at <= now:
        raise BadAssertion("exp is missing or over")
    if expires_at > now + lifetime:
        raise BadAssertion(f"exp is more than {lifetime} seconds ahead")
    _check_begun(claims, ("nbf", "iat"), now)
    return math.ceil(expires_at)


def check_validity(claims: dict[str, Any], now: int) -> None:
    """Check `exp` and `nbf` of a JWT that need not have them.

    Raises:
        BadAssertion: it is over, or has not begun.
    """
    expires_at = numeric_date(claims.get("exp", now + 1))
    if expires_at is None or expires_at <= now:
        raise BadAssertion("exp is over")
    _check_begun(claims, ("nbf",), now)


def _check_begun(claims: dict[str, Any], names: tuple[str, ...], now: int) -> None:
    for name in names:
        begins = numeric_date(claims.get(name, now))
        if begins is None or begins > now + SKEW_SECONDS:
            raise BadAssertion(f"{name} lies ahead")


def numeric_date(value: object) -> float | None:
    """Return a NumericDate (RFC 7519 §2), None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return value


def read_name(jti: object) -> str:
    """Return the name of a JWT that works once.

    Raises:
        BadAssertion: it has none, or a very long one.
    """
    if not isinstance(jti, str) or not 1 <= len(jti) <= MOST_NAME_CHARACTERS:
        raise BadAssertion("jti must be a short text")
    return jti
