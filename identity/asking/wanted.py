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

    def subject(self) -> str | None:
        """Return the one who must answer, if the request says so."""
        value = _about(self.id_token, "sub").get("value")
        return value if isinstance(value, str) else None

    def essential_acrs(self) -> frozenset[str]:
        """Return the assurance levels of which one is needed (§5.5.1.1); empty for any."""
        about = _about(self.id_token, "acr")
        if about.get("essential") is not True:
            return frozenset()
        values = about.get("values", [about.get("value")])
        found = values if isinstance(values, list) else []
        return frozenset(value for value in found if isinstance(value, str))


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
    return Wanted(*parts)


def _about(part: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    about = part.get(name)
    return about if isinstance(about, dict) else {}


def want_subject(subject: str) -> str:
    """Write the parameter of a request that only one subject may answer (§5.5.1)."""
    return json.dumps({"id_token": {"sub": {"value": subject}}})
