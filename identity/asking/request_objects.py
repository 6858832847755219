"""An authorization request in one JWT (RFC 9101, OpenID Connect Core §6).

0. If it is encrypted, it is so to a key of ours.
1. Its algorithm is one that the app's profile and registration allow; `none` needs both.
2. A registered key of the app signed it.
3. It speaks of this app: `iss` and `client_id`.
4. It is meant for us: `aud`, a text or a list with us in it.
5. It counts now, and not for long: `exp`, `nbf`, `iat`.
6. It holds a request, and names no other one.
7. Only what it says counts (RFC 9101 §6.3); for apps of the compatible profile it is laid over
   what stands beside it (Core §6.1).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from identity.apps.client_keys import PublicKey
from identity.apps.clients import Client
from identity.apps.profiles import policy_of
from identity.asking.parameters import REPEATABLE, Parameters
from identity.errors import BadAssertion, BadRequestObject, Undecipherable
from identity.proofs.assertions import (
    SKEW_SECONDS,
    check_times,
    read_header,
    read_payload,
    verify_signed,
)

TYPES = {None, "JWT", "jwt", "oauth-authz-req+jwt"}
UNSIGNED = "none"
LIFETIME_SECONDS = 3600
MOST_CHARACTERS = 8192
ENCRYPTED_DOTS = 4  # RFC 7516 §9
NESTED = {"request", "request_uri"}
_OF_THE_JWT = {"iss", "aud", "exp", "nbf", "iat", "jti", "sub"}

Claims = dict[str, Any]
Pairs = list[tuple[str, str]]
Check = Callable[[Sequence[PublicKey]], Claims]


def algorithms_for(client: Client) -> tuple[str, ...]:
    """Tell how an app may sign; what it registered is all (OpenID Connect Registration §2)."""
    policy, options = policy_of(client), client.options
    plain = policy.plain_objects and not options.require_signed_request_object
    known = (*policy.algorithms, UNSIGNED) if plain else policy.algorithms
    chosen = options.request_object_signing_alg
    return tuple(each for each in known if each == chosen) if chosen else known


@dataclass(frozen=True)
class Resolved:
    """The request that counts.

    Attributes:
        query: as a query string.
        signed: the app signed it.
        own: what the object says of itself.
    """

    query: str
    signed: bool
    own: Claims = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """Of whom a request object comes, and to whom.

    Attributes:
        client: who asks.
        by_keys: runs a check with its keys, as `signed_by` does.
        issuer: our name.
        decrypt: opens what was encrypted to us.
        algorithms: with which it is signed; None for those of its authorization requests.
        claims: what has to stand in it, beside what its profile wants.
    """

    client: Client
    by_keys: Callable[[Check], Claims]
    issuer: str
    decrypt: Callable[[str], str]
    algorithms: Sequence[str] | None = None
    claims: Sequence[str] = ()


def resolve(text: str, beside: Parameters | None, expected: Expected, now: int) -> Resolved:
    """Check a request object and make of it the request that counts.

    Args:
        text: the JWT.
        beside: what stands beside it; None where nothing beside it counts (RFC 9126 §3).
        expected: the parties.
        now: Unix seconds.

    Raises:
        BadRequestObject: the step that fails says why.
        KeysWanted: the app's keys have to be read first.
    """
    client = expected.client
    policy = policy_of(client)
    try:
        plain = _decrypted(text, expected)  # 0
        algorithms = expected.algorithms or algorithms_for(client)
        claims, signed = _read(plain, algorithms, expected.by_keys)  # 1, 2
        _check_present(claims, (*policy.object_claims, *expected.claims))
        _check_parties(claims, client.client_id, expected.issuer)  # 3, 4
        _check_times(claims, now)  # 5
    except BadAssertion as error:
        raise BadRequestObject(str(error)) from None
    inside = _parameters(claims)  # 6
    outside = _beside(beside, inside) if beside and policy.merged_objects else []
    query = _query([("client_id", client.client_id), *inside], outside)  # 7
    return Resolved(query, signed, {name: claims[name] for name in _OF_THE_JWT & claims.keys()})


def _decrypted(text: str, expected: Expected) -> str:
    """Open a request object that is encrypted (RFC 9101 §6.1), in the way the app registered."""
    if text.count(".") != ENCRYPTED_DOTS or len(text) > MOST_CHARACTERS:
        return text
    options, header = expected.client.options, read_header(text)
    wanted = {
        "alg": options.request_object_encryption_alg,
        "enc": options.request_object_encryption_enc,
    }
    if any(value and header.get(name) != value for name, value in wanted.items()):
        raise BadAssertion("the request object is encrypted in another way than registered")
    try:
        return expected.decrypt(text)
    except Undecipherable as error:
        raise BadAssertion(str(error)) from None


def _read(
    text: str, algorithms: Sequence[str], by_keys: Callable[[Check], Claims]
) -> tuple[Claims, bool]:
    """Read the claims, and tell whether they are signed."""
    if len(text) > MOST_CHARACTERS:
        raise BadAssertion("the request object is too long")
    unsigned = read_header(text).get("alg") == UNSIGNED
    if unsigned and UNSIGNED in algorithms and text.endswith(".") and text.count(".") == 2:
        return read_payload(text), False
    signing = [each for each in algorithms if each != UNSIGNED]
    if unsigned:
        raise BadAssertion(f"the request object must be signed with one of {', '.join(signing)}")
    return by_keys(lambda keys: verify_signed(text, keys, signing, TYPES)), True


def _check_present(claims: Claims, needed: Sequence[str]) -> None:
    for name in needed:
        if name not in claims:
            raise BadAssertion(f"{name} is missing")


def _check_parties(claims: Claims, client_id: str, issuer: str) -> None:
    if claims.get("iss", client_id) != client_id or claims.get("client_id", client_id) != client_id:
        raise BadAssertion("iss and client_id must be the app that asks")
    audience = claims.get("aud", issuer)
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        raise BadAssertion("aud must be the issuer")


def _check_times(claims: Claims, now: int) -> None:
    """Check that it counts now, and lasts at most an hour from `nbf`, which is then no older."""
    if "exp" not in claims:  # 3: it was not needed
        claims = {**claims, "exp": now + 1}
    check_times(claims, now, LIFETIME_SECONDS + SKEW_SECONDS)
    begins = claims.get("nbf", now)
    if claims["exp"] > begins + LIFETIME_SECONDS:
        raise BadAssertion("exp is more than an hour after nbf")


def _parameters(claims: Claims) -> Pairs:
    if NESTED & claims.keys():
        raise BadRequestObject("a request object names no other one")
    own = {name: value for name, value in claims.items() if name not in _OF_THE_JWT}
    own.pop("client_id", None)
    return [pair for name, value in own.items() for pair in _written(name, value)]


def _written(name: str, value: object) -> Pairs:
    """Write a claim as it would stand in a query: text as it is, numbers and JSON spelled out."""
    if name in REPEATABLE and isinstance(value, list):
        return [pair for each in value for pair in _written(name, str(each))]
    if isinstance(value, str):
        return [(name, value)]
    if value is None or isinstance(value, bool | float):
        raise BadRequestObject("a parameter in the request object is no text")
    return [(name, json.dumps(value, ensure_ascii=False, separators=(",", ":")))]


def _query(inside: Pairs, outside: Pairs) -> str:
    """Lay what the object says over what stands beside it."""
    said = {name for name, _ in inside}
    try:
        return urlencode([*inside, *(pair for pair in outside if pair[0] not in said)])
    except UnicodeEncodeError:  # half a character, which JSON can spell
        raise BadRequestObject("a parameter in the request object is no text") from None


def _beside(beside: Parameters, inside: Pairs) -> Pairs:
    """Read what stands beside the object; what has to stand there must agree (Core §6.1)."""
    said = dict(inside)
    outer = beside.get("response_type")
    if not outer or said.get("response_type", outer) != outer:
        raise BadRequestObject("response_type must stand beside the request object, and agree")
    pairs = parse_qsl(beside.encoded, keep_blank_values=True)
    return [(name, value) for name, value in pairs if name not in NESTED]
