"""What the registers hold about a person beyond the name (OpenID Connect Core §5.1).

All of it is one value of a person, stored as one JSON text; nothing of it has to be there. A
citizen number is never part of it.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from identity.asking.scopes import CLAIMS, NAME, UPDATED_AT
from identity.errors import BadRegistration
from identity.people.subjects import looks_like_citizen_number

MOST_CHARACTERS = 200
ADDRESS_PARTS = ("formatted", "street_address", "locality", "region", "postal_code", "country")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"\+[1-9][0-9]{4,14}(;ext=[0-9]{1,6})?")  # E.164, RFC 3966
_ZONE = re.compile(r"[A-Za-z_]+(/[A-Za-z0-9_+-]+){0,2}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|[0-9]{3}))?")  # BCP 47
_BIRTH = re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2})?")

About = Mapping[str, Any]


def _text(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 1 <= len(value) <= MOST_CHARACTERS
        and value.isprintable()
        and not looks_like_citizen_number(value)
    )


def _like(form: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: _text(value) and form.fullmatch(value) is not None


def _link(value: Any) -> bool:
    return _text(value) and value.startswith("https://") and bool(urlsplit(value).hostname)


def _birthdate(value: Any) -> bool:
    """Accept a year, or a day; year 0000 says that it is not told (§5.1)."""
    if not _like(_BIRTH)(value):
        return False
    try:
        return bool(date.fromisoformat(value.replace("0000-", "2000-", 1))) or True
    except ValueError:
        return len(value) == len("1990")


def _address(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and 0 < len(value) <= len(ADDRESS_PARTS)
        and all(name in ADDRESS_PARTS and _text(part) for name, part in value.items())
    )


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


RULES: Mapping[str, Callable[[Any], bool]] = {
    "given_name": _text,
    "family_name": _text,
    "middle_name": _text,
    "nickname": _text,
    "preferred_username": _text,
    "profile": _link,
    "picture": _link,
    "website": _link,
    "gender": _text,
    "birthdate": _birthdate,
    "zoneinfo": _like(_ZONE),
    "locale": _like(_LOCALE),
    "email": _like(_EMAIL),
    "email_verified": _flag,
    "phone_number": _like(_PHONE),
    "phone_number_verified": _flag,
    "address": _address,
}
assert RULES.keys() | {NAME, UPDATED_AT} == CLAIMS.keys()  # noqa: S101  # the name has its column


def write_about(about: About, now: int) -> str:
    """Check what is to be held about a person and write it as JSON text.

    Raises:
        BadRegistration: one of the values cannot be; the text names it.
    """
    for name, value in about.items():
        if name not in RULES:
            raise BadRegistration(f"what may be held about a person is {', '.join(RULES)}")
        if not RULES[name](value):
            raise BadRegistration(f"{name} cannot be as given")
    if not about:
        return ""
    kept = {**about, UPDATED_AT: now}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@lru_cache(maxsize=1024)
def read_about(text: str) -> About:
    """Read what `write_about` wrote; names that are known no more are passed over."""
    held = json.loads(text) if text else {}
    return {name: value for name, value in held.items() if name in CLAIMS}
