"""A person types the code that a terminal shows (RFC 8628 §3.3).

Tries are counted before the code is looked up, per address and per person: with 20^8 codes and a
few wrong tries in ten minutes, guessing finds nothing (§5.1). Right codes are not counted, for a
whole service hall may share one address.
"""

from hashlib import sha256

from identity.apps.clients import Client
from identity.asking.decoupled import Decoupled, seal_user_code, spell_user_code
from identity.errors import SignInPaused, UserCodeRefused
from identity.realm import Realm, Work
from identity.standing.acting import SignedIn

WINDOW_SECONDS = 600
ADDRESS_TRIES = 30
PERSON_TRIES = 10


def find_terminal(
    realm: Realm, text: str, address: str, signed_in: SignedIn | None
) -> tuple[Decoupled, Client]:
    """Find the request behind a code, and who asks.

    Args:
        realm: the provider.
        text: what was typed, in any spelling.
        address: network address of the browser.
        signed_in: who types, if that is known.

    Raises:
        UserCodeRefused: no request waits under this code.
        SignInPaused: too many wrong codes.
    """
    person = signed_in.person.person_id if signed_in else ""
    counted = [
        ("address", address, ADDRESS_TRIES),
        *([("person", person, PERSON_TRIES)] * (person != "")),
    ]
    keys = [_key(realm, kind, value) for kind, value, _ in counted]
    with realm.writing() as store:
        now = realm.clock()
        tries = [store.attempts.count(key, now, WINDOW_SECONDS) for key in keys]
    for (_, _, most), (count, until) in zip(counted, tries, strict=True):
        if count > most:
            raise SignInPaused(until)
    with realm.writing() as store:
        found = _find(realm.work(store), text)
        if found is None:
            raise UserCodeRefused("no request waits under this code")
        for key in keys:
            store.attempts.take_back(key)
    return found


def _find(work: Work, text: str) -> tuple[Decoupled, Client] | None:
    code = spell_user_code(text)
    if not code:
        return None
    asked = work.store.decoupled.find_user_code(seal_user_code(work.realm.seals, code), work.now)
    client = work.store.clients.find(asked.client_id) if asked else None
    if asked is None or client is None or (client.demo and not work.realm.demo_allowed):
        return None
    return asked, client


def _key(realm: Realm, kind: str, value: str) -> bytes:
    """Name what is counted without keeping an address."""
    return realm.seals.seal(sha256(value.encode()).digest(), "user code tries", kind)
