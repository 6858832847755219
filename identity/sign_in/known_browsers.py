"""Browsers in which somebody signed in before: what others do elsewhere does not lock them out.

Such a browser counts its tries by itself (OWASP, "device cookies"), so five wrong passwords sent
by a stranger pause the stranger, not the owner at their own desk.
"""

import json

from identity.errors import SealBroken
from identity.realm import Realm
from identity.sign_in.tries import ACCOUNT_TRIES, Count

KNOWN_SECONDS = 180 * 24 * 3600
PEOPLE = 8  # a family's computer
LABEL = "known browser"


def remember(realm: Realm, kept: str, person_id: str) -> str:
    """Return what a browser keeps once `person_id` signed in there."""
    known = {each: at for each, at in _read(realm, kept).items() if each != person_id}
    latest = list(known.items())[-(PEOPLE - 1) :]
    device = _device(realm, kept) or realm.fresh_id()
    content = [device, [*latest, (person_id, realm.clock())]]
    return realm.seals.seal_text(json.dumps(content).encode(), LABEL)


def by_browser(realm: Realm, kept: str, person_id: str) -> Count | None:
    """Count the tries of a browser in which this person signed in before; None in any other."""
    if person_id not in _read(realm, kept):
        return None
    return Count("browser", f"{_device(realm, kept)} {person_id}", ACCOUNT_TRIES)


def _device(realm: Realm, kept: str) -> str:
    return _open(realm, kept)[0]


def _read(realm: Realm, kept: str) -> dict[str, int]:
    now = realm.clock()
    return {person: at for person, at in _open(realm, kept)[1] if now < at + KNOWN_SECONDS}


def _open(realm: Realm, kept: str) -> tuple[str, list[tuple[str, int]]]:
    try:
        device, people = json.loads(realm.seals.open_text(kept, LABEL))
    except SealBroken:
        return "", []
    return device, people
