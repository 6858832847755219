"""What one value of client metadata may be. A rule returns what is kept, or raises ValueError
with words that follow the field's name.
"""

import json
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from identity.apps.client_keys import MOST_KEYS, PRIVATE_PARTS
from identity.apps.clients import check_host, check_redirect_uri
from identity.asking.response_types import RESPONSE_TYPES, spell
from identity.errors import BadClient

MOST_CHARACTERS = 2048
MOST_VALUES = 20
MOST_SECONDS = 10**9

Rule = Callable[[object], object]


def text(value: object) -> str:
    """Read a line of text."""
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS or not value.isprintable():
        raise ValueError("must be a text")
    return value


def flag(value: object) -> bool:
    """Read a boolean."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def one_of(known: Collection[str]) -> Rule:
    """Make a rule for one of some words."""

    def choose(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"is one of {', '.join(known)}")
        return value

    return choose


def some_of(known: Collection[str]) -> Rule:
    """Make a rule for a list of some words."""
    choose = one_of(known)

    def choose_all(value: object) -> tuple[object, ...]:
        return tuple(choose(each) for each in _listed(value))

    return choose_all


def words(value: object) -> tuple[str, ...]:
    """Read a list of texts without spaces."""
    found = tuple(text(each) for each in _listed(value))
    if any(" " in each or not each for each in found):
        raise ValueError("must list texts without spaces")
    return found


def response_types(value: object) -> tuple[str, ...]:
    """Read what an app may ask for at once, each in its one spelling."""
    found = tuple(spell(text(each)) for each in _listed(value))
    if not set(found) <= set(RESPONSE_TYPES):
        raise ValueError(f"are some of {', '.join(RESPONSE_TYPES)}")
    return found


def link(value: object) -> str:
    """Read an https address."""
    address = text(value)
    try:
        parts = urlsplit(address)
        check_host(address)
    except ValueError:
        raise ValueError("must be an https address") from None
    if parts.scheme != "https" or not parts.hostname or "#" in address:
        raise ValueError("must be an https address")
    return address


def links(value: object) -> tuple[str, ...]:
    """Read a list of https addresses; a fragment, here a digest, may follow (Core §6.2)."""
    found = words(value)
    for each in found:
        link(each.partition("#")[0])
    return found


def redirects(value: object) -> tuple[str, ...]:
    """Read addresses to which people may be sent."""
    try:
        return tuple(check_redirect_uri(each) for each in words(value))
    except BadClient as error:
        raise ValueError(f"cannot be: {error}") from None


def seconds(value: object) -> int:
    """Read a number of seconds."""
    if type(value) is not int or not 0 <= value < MOST_SECONDS:
        raise ValueError("must be a number of seconds")
    return value


def key_set(value: object) -> str:
    """Read a JSON Web Key Set of public keys; what its keys are good for is seen in use."""
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not all(isinstance(key, dict) for key in listed):
        raise ValueError("must be a JSON Web Key Set")
    if len(listed) > MOST_KEYS:
        raise ValueError(f"has at most {MOST_KEYS} keys")
    if any(PRIVATE_PARTS & key.keys() for key in listed):
        raise ValueError("holds a private or symmetric key, which stays with its owner")
    return json.dumps({"keys": listed}, separators=(",", ":"))


def _listed(value: object) -> list[object]:
    if not isinstance(value, list) or len(value) > MOST_VALUES:
        raise ValueError(f"must be a list of at most {MOST_VALUES}")
    return value
