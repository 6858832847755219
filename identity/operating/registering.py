"""Who may register an app: anybody, or whoever holds a token that an operator gave out.

Every try is counted before anything is looked at or read from elsewhere.
"""

from hashlib import sha256

from identity import noting
from identity.apps.clients import SECRET_BYTES, TLS_METHODS, Client, hash_secret
from identity.apps.registration_tokens import RegistrationToken
from identity.errors import (
    BadRegistration,
    BadRegistrationRequest,
    BadRegistrationToken,
    TooManyRegistrations,
)
from identity.realm import Realm, Work
from identity.trail.events import OPERATOR, TOKEN_ADDED, TOKEN_REMOVED

OPEN, BY_TOKEN = "open", "token"  # any other way is closed
WINDOW_SECONDS = 3600
TRIES = 300  # from one address in an hour: a test bench registers a new app for each of its tests
DAY_SECONDS = 24 * 3600
MOST_USES, MOST_DAYS, MOST_CHARACTERS = 10_000, 366, 80


def add_registration_token(work: Work, *, note: str, uses: int, days: int) -> str:
    """Make a token; it is shown this once.

    Raises:
        BadRegistration: the note is none, or it would count too much or too long.
    """
    if not 1 <= len(note) <= MOST_CHARACTERS or not note.isprintable():
        raise BadRegistration(f"a note has 1 to {MOST_CHARACTERS} printable characters")
    if not (1 <= uses <= MOST_USES and 1 <= days <= MOST_DAYS):
        raise BadRegistration(f"a token has 1 to {MOST_USES} uses and 1 to {MOST_DAYS} days")
    secret = work.realm.random(SECRET_BYTES).hex()
    token = RegistrationToken(note, uses, work.now + days * DAY_SECONDS)
    work.store.registration_tokens.add(hash_secret(secret), token, work.now)
    noting.note(work, TOKEN_ADDED, OPERATOR, detail=f"{uses} uses, {days} days")
    return secret


def remove_registration_tokens(work: Work, note: str) -> int:
    """Take all tokens of a note back; return how many. Apps that were registered stay."""
    count = work.store.registration_tokens.remove(note)
    noting.note(work, TOKEN_REMOVED, OPERATOR, detail=f"{count} tokens")
    return count


def count_registration(realm: Realm, address: str) -> None:
    """Count a try from one address.

    Raises:
        TooManyRegistrations: there were too many.
    """
    now = realm.clock()
    key = realm.seals.seal(sha256(address.encode()).digest(), "registrations")
    with realm.writing() as store:
        tries, until = store.attempts.count(key, now, WINDOW_SECONDS)
    if tries > TRIES:
        raise TooManyRegistrations(until - now)


def check_offered(realm: Realm, client: Client) -> None:
    """Check that what an app registers is offered here, as the metadata has it.

    Raises:
        BadRegistrationRequest: something of it is not.
    """
    if client.auth_method in TLS_METHODS and client.auth_method not in realm.certificate_methods:
        raise BadRegistrationRequest(
            f"token_endpoint_auth_method {client.auth_method} has no proxy"
        )
    if unknown := set(client.options.authorization_details_types) - set(realm.detail_types):
        raise BadRegistrationRequest(f"authorization_details_types: {min(unknown)} is not known")


def check_token(work: Work, token: str) -> None:
    """Check, before anything is read, that a token would do.

    Raises:
        BadRegistrationToken: it would not.
    """
    if work.realm.registration != BY_TOKEN:
        return
    found = work.store.registration_tokens.find(hash_secret(token))
    if found is None or found.uses_left < 1 or found.expires_at <= work.now:
        raise BadRegistrationToken("registration needs a token that an operator gives out")


def spend_token(work: Work, token: str) -> None:
    """Use a token once, in the one statement that decides between parallel tries.

    Raises:
        BadRegistrationToken: nothing is left of it.
    """
    if work.realm.registration != BY_TOKEN:
        return
    if not work.store.registration_tokens.spend(hash_secret(token), work.now):
        raise BadRegistrationToken("this token has been used up")
