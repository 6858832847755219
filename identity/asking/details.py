"""What an app asks for in particular, beyond scopes (Rich Authorization Requests, RFC 9396).

The kinds of details are no business of this module: each is a `DetailType`, and the realm is given
those that the city has.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from identity.errors import BadDetails

Detail = Mapping[str, Any]
Details = tuple[Detail, ...]

PARAMETER = "authorization_details"
MOST_CHARACTERS = 4096
MOST_DETAILS = 10


class Words(NamedTuple):
    """A text in both languages."""

    zh: str
    en: str


class Fact(NamedTuple):
    """One line of what a person reads before they agree."""

    label: Words
    value: Words


class DetailType(Protocol):
    """One kind of details."""

    @property
    def title(self) -> Words:
        """What it is about."""

    @property
    def fields(self) -> Collection[str]:
        """The fields it has, each of them needed, beside `type` and `locations`."""

    def check(self, detail: Detail) -> None:
        """Check the values of its fields.

        Raises:
            BadDetails: one cannot be.
        """

    def describe(self, detail: Detail) -> Sequence[Fact]:
        """Say in plain words what would be allowed."""


Types = Mapping[str, DetailType]


def read_details(
    text: str, types: Types, allowed: Collection[str], places: Collection[str]
) -> Details:
    """Read the parameter `authorization_details` (RFC 9396 §2).

    Args:
        text: the parameter, empty if it is absent.
        types: the kinds there are.
        allowed: the kinds that the app registered (RFC 9396 §10).
        places: the interfaces there are.

    Raises:
        BadDetails: something in it is unknown, missing or malformed (RFC 9396 §5).
    """
    if not text:
        return ()
    try:
        listed = json.loads(text) if len(text) <= MOST_CHARACTERS else None
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_DETAILS:
        raise BadDetails(f"{PARAMETER} must be a JSON array of 1 to {MOST_DETAILS} objects")
    for detail in listed:
        _check(detail, types, allowed, places)
    return tuple(listed)


def _check(detail: object, types: Types, allowed: Collection[str], places: Collection[str]) -> None:
    if not isinstance(detail, dict) or not isinstance(detail.get("type"), str):
        raise BadDetails("each of the details is an object with a type")
    kind = types.get(detail["type"])
    if kind is None or detail["type"] not in allowed:
        raise BadDetails("this app has registered no details of this type")
    own = detail.keys() - {"type", "locations"}
    if own != set(kind.fields):
        raise BadDetails(f"details of this type have the fields {', '.join(kind.fields)}")
    if "locations" in detail:
        _check_locations(detail["locations"], places)
    kind.check(detail)


def _check_locations(locations: object, places: Collection[str]) -> None:
    if not isinstance(locations, list) or not locations:
        raise BadDetails("locations must be a list")
    if any(each not in places for each in locations):
        raise BadDetails("locations are interfaces that are known here")


def write_details(details: Sequence[Detail]) -> str:
    """Write details as they are kept, empty for none."""
    if not details:
        return ""
    return json.dumps(details, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def kept_details(text: str) -> Details:
    """Read what `write_details` wrote."""
    return tuple(json.loads(text)) if text else ()


def narrow_details(wanted: Details, granted: Details) -> Details:
    """Give of what was granted only what is wanted now (RFC 9396 §6); all, if nothing is named.

    Raises:
        BadDetails: something was not granted.
    """
    for detail in wanted:
        if detail not in granted:
            raise BadDetails("these details were not granted")
    return wanted or granted


def details_at(details: Details, audience: Collection[str]) -> Details:
    """Leave out what is meant for other interfaces than the token (RFC 9396 §2.2, §9.1)."""
    return tuple(
        detail
        for detail in details
        if "locations" not in detail or set(detail["locations"]) & set(audience)
    )


def text_of(detail: Detail, name: str, most: int = 200) -> str:
    """Return a field that has to be a short text.

    Raises:
        BadDetails: it is not.
    """
    value = detail[name]
    if not isinstance(value, str) or not 1 <= len(value) <= most or not value.isprintable():
        raise BadDetails(f"{name} must be a text of 1 to {most} printable characters")
    return value


def titles(details: Details, types: Types) -> Sequence[tuple[Words, Sequence[Fact]]]:
    """Describe details for the person who is asked."""
    known = [(types[detail["type"]], detail) for detail in details if detail["type"] in types]
    return [(kind.title, kind.describe(detail)) for kind, detail in known]
