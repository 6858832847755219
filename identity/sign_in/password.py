"""Sign-in with an account name, or a citizen number, and a password.

Every try is counted before the password is looked at. An account that does not exist costs the
same time and gets the same words.
"""

from collections.abc import Mapping

from identity.errors import BadNumber, SignInRefused
from identity.people.assurance import PASSWORD_LEVEL, PASSWORD_METHODS
from identity.people.subjects import (
    Person,
    check_citizen_number,
    looks_like_citizen_number,
    spell_account,
)
from identity.realm import Realm
from identity.sign_in.hashing import NOBODY, matches
from identity.sign_in.known_browsers import by_browser
from identity.sign_in.methods import Asking, Part, Proof, may_enter
from identity.sign_in.tries import by_account, by_address, count_try, forget_tries, one_at_a_time
from identity.store import IdentityStore

NAME = "password"


class PasswordMethod:
    """Account and password."""

    name = NAME
    adds = PASSWORD_METHODS

    def offer(self, _realm: Realm, /) -> Part:
        """Return nothing: two fields are enough."""
        return {}

    def offer_to(self, realm: Realm, asking: Asking) -> None:
        """Add nothing: it is what everybody begins with."""

    def prove(self, realm: Realm, form: Mapping[str, str], asking: Asking) -> Proof:
        """Check account and password.

        Raises:
            SignInRefused: they do not belong together.
            SignInPaused: too many tries for this account, from this address or this browser.
            SignInBusy: too many people at once.
        """
        account = form.get("account", "").strip()
        with realm.reading() as store:
            person, password_hash = _find(realm, store, account) or (None, NOBODY)
        # Counted by person: their account name in any spelling and their number are one account.
        person_id = person.person_id if person else ""
        count = by_browser(realm, asking.browser, person_id) or by_account(
            person_id or spell_account(account)
        )
        here = by_address(asking.address)
        with one_at_a_time(count):
            left = count_try(realm, count, here)
            # Who has no password yet costs the same time as who gives a wrong one.
            given = form.get("password", "")
            right = matches(password_hash or NOBODY, given) and bool(password_hash)
            if person is None or not right or not may_enter(realm, person):
                raise SignInRefused(left, person_id or None)
            forget_tries(realm, count, here)
        return Proof(person, PASSWORD_LEVEL)


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


METHOD = PasswordMethod()
