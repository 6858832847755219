"""Canonical JSON (RFC 8785) and base64url, for everything that is hashed or signed."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ledger.errors import NotCanonical

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"

MAX_INTEGER = (
    2**53 - 1
)  # beyond it JSON numbers are not exact everywhere (RFC 8785 section 3.2.2.3)


def canonical(value: Json) -> bytes:
    """Write a value in its one canonical form.

    Python's own writer gives exactly RFC 8785 for what the ledger uses: texts, whole numbers and
    names within the Basic Multilingual Plane. Everything else is refused, so nothing is written
    that another implementation would write differently.

    Raises:
        NotCanonical: the value holds something that has no such form here.
    """
    _check(value)
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    )
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("a text holds half a surrogate pair") from None


def _check(value: Json) -> None:
    if isinstance(value, str | bool) or value is None:
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise NotCanonical("a number is too large to be exact")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            # Names sort by UTF-16 code unit; by code point is the same below U+10000.
            if not isinstance(name, str) or any(character > "\uffff" for character in name):
                raise NotCanonical("a name is not a text of the Basic Multilingual Plane")
            _check(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner)
    else:
        raise NotCanonical(f"{type(value).__name__} has no canonical form")


def parse_canonical(data: bytes) -> Json:
    """Read bytes that must be canonical.

    Raises:
        NotCanonical: they are not JSON, or another spelling of it.
    """
    try:
        value: Json = json.loads(data, parse_float=_no_float)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from None
    if canonical(value) != data:
        raise NotCanonical("not the canonical spelling of its value")
    return value


def _no_float(text: str) -> Json:
    raise NotCanonical(f"{text} is not a whole number")


def parse_object(data: bytes) -> Mapping[str, Json]:
    """Read canonical bytes that must hold an object.

    Raises:
        NotCanonical: they do not.
    """
    value = parse_canonical(data)
    if not isinstance(value, dict):
        raise NotCanonical("not a JSON object")
    return value


def encode_bytes(data: bytes) -> str:
    """Write bytes as base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_bytes(text: object) -> bytes:
    """Read base64url without padding, in its one spelling.

    Raises:
        NotCanonical: it is not that.
    """
    try:
        data = base64.b64decode(f"{text}{'=' * (-len(str(text)) % 4)}", b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotCanonical("not base64url") from None
    if encode_bytes(data) != text:
        raise NotCanonical("not the canonical spelling of base64url")
    return data
