"""Sign-in with an account name, or a citizen number, and a password.

Every try is counted before the password is looked at, so parallel tries cannot share a count.
An account that does not exist costs the same time and gets the same words.
"""

from collections.abc import Mapping
from hashlib import sha256

from identity.assurance import PASSWORD_LEVEL
from identity.errors import BadNumber, SignInPaused, SignInRefused
from identity.realm import Realm
from identity.sign_in.hashing import NOBODY, matches
from identity.sign_in.methods import Proof
from identity.store import IdentityStore
from identity.subjects import (
    Person,
    check_citizen_number,
    looks_like_citizen_number,
    spell_account,
)

WINDOW_SECONDS = 5 * 60
ACCOUNT_TRIES = 5
ADDRESS_TRIES = 100  # failed ones only: a whole office may share one address
NAME = "password"


class PasswordMethod:
    """Account and password."""

    def prove(self, realm: Realm, form: Mapping[str, str], address: str) -> Proof:
        """Check account and password.

        Raises:
            SignInRefused: they do not belong together.
            SignInPaused: too many tries for this account or from this address.
            SignInBusy: too many people at once.
        """
        account = form.get("account", "").strip()
        with realm.reading() as store:
            person, password_hash = _find(realm, store, account) or (None, NOBODY)
        # Counted by person: their account name in any spelling and their number are one account.
        counted = person.person_id if person else spell_account(account)
        key, here = _key(realm, "account", counted), _key(realm, "address", address)
        left = _count_try(realm, key, here)
        right = matches(password_hash, form.get("password", ""))
        if person is None or not right or not may_enter(realm, person):
            raise SignInRefused(left, person.person_id if person else None)
        with realm.writing() as store:
            store.attempts.forget(key)
            store.attempts.take_back(here)
        return Proof(person, PASSWORD_LEVEL)


def may_enter(realm: Realm, person: Person) -> bool:
    """Tell whether somebody may sign in at all, whatever they prove."""
    return not person.suspended and (realm.demo_allowed or not person.demo)


def _find(realm: Realm, store: IdentityStore, account: str) -> tuple[Person, str] | None:
    if not account.isprintable():  # a database may refuse it
        return None
    if not looks_like_citizen_number(account):
        return store.people.find_account(spell_account(account))
    try:
        number = check_citizen_number(account)
    except BadNumber:
        return None
    return store.people.find_number(realm.seals.citizen_number(number))


def _count_try(realm: Realm, account_key: bytes, address_key: bytes) -> int:
    """Count this try and return how many are left.

    Raises:
        SignInPaused: none is left.
    """
    now = realm.clock()
    with realm.writing() as store:
        tries, until = store.attempts.count(account_key, now, WINDOW_SECONDS)
        from_here, here_until = store.attempts.count(address_key, now, WINDOW_SECONDS)
    if tries > ACCOUNT_TRIES:
        raise SignInPaused(until)
    if from_here > ADDRESS_TRIES:
        raise SignInPaused(here_until)
    return min(ACCOUNT_TRIES - tries, ADDRESS_TRIES - from_here)


def _key(realm: Realm, kind: str, value: str) -> bytes:
    """Name what is counted without keeping an account or address that was typed."""
    return realm.seals.seal(sha256(value.encode()).digest(), "sign-in tries", kind)
