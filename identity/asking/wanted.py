"""The `claims` parameter: single claims that a request wants (OpenID Connect Core §5.5)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from identity.errors import BadWish

MOST_CHARACTERS = 4096


@dataclass(frozen=True)
class Wanted:
    """What a request wants; claims that we do not have are left out silently (§5.5.1).

    Attributes:
        id_token: claims wanted in the ID token, with what is said about each.
        userinfo: claims wanted from userinfo.
    """

    id_token: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] = field(default_factory=dict)

    @property
    def claims(self) -> frozenset[str]:
        """What is wanted anywhere, by name."""
        return frozenset({*self.id_token, *self.userinfo})

    @property
    def subjects(self) -> frozenset[str] | None:
        """Those of whom one must answer (§5.5.1); None for anybody, empty if nobody could."""
        return _named(_about(self.id_token, "sub"))

    @property
    def essential_acrs(self) -> frozenset[str] | None:
        """Levels of which one is needed (§5.5.1.1); None for any, empty if nobody could have it."""
        about = _about(self.id_token, "acr")
        return _named(about) if about.get("essential") else None


def read_wanted(text: str) -> Wanted:
    """Read the parameter.

    Raises:
        BadWish: it is not what §5.5 describes.
    """
    if not text:
        return Wanted()
    try:
        document = json.loads(text) if len(text) <= MOST_CHARACTERS else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BadWish("claims must be a JSON object")
    parts = [document.get(place) or {} for place in ("id_token", "userinfo")]
    if not all(isinstance(part, dict) for part in parts):
        raise BadWish("claims.id_token and claims.userinfo must be JSON objects")
    wanted = Wanted(*parts)
    for name in ("sub", "acr"):
        _check_about(name, wanted.id_token.get(name))
    return wanted


def _check_about(name: str, about: object) -> None:
    """Check what is said about a claim that decides whether there is an answer at all.

    Raises:
        BadWish: it cannot be read, and to pass over it might answer what must not be answered.
    """
    if about is None:
        return
    if not isinstance(about, dict):
        raise BadWish(f"claims.id_token.{name} must be null or a JSON object")
    if not isinstance(about.get("essential", False), bool):
        raise BadWish(f"claims.id_token.{name}.essential must be true or false")


def _about(part: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return part.get(name) or {}


def _named(about: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the values of which a claim must have one, None if it may have any.

    What is no text equals none of our values, and neither does what is no list of them: a request
    that says only such things says a value, and it cannot be met.
    """
    if not {"value", "values"} & about.keys():
        return None
    several = about.get("values")
    listed = several if isinstance(several, list) else []
    return frozenset(each for each in (about.get("value"), *listed) if isinstance(each, str))


def want_subject(subject: str) -> str:
    """Write the parameter of a request that only one subject may answer (§5.5.1)."""
    return json.dumps({"id_token": {"sub": {"value": subject}}})
