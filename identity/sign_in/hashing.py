"""Password hashes: argon2id at the OWASP floor or above, a bounded number at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from identity.errors import BadRegistration, SignInBusy

AT_ONCE = 4  # each takes 19 MiB and a core for some 20 ms
WAIT_SECONDS = 5.0
FEWEST_CHARACTERS = 12
MOST_CHARACTERS = 256

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_places = BoundedSemaphore(AT_ONCE)


@contextmanager
def _a_place() -> Iterator[None]:
    """Wait for a place, but not for ever: a flood of sign-ins must not take the memory."""
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise SignInBusy("too many people are signing in at this moment")
    try:
        yield
    finally:
        _places.release()


def check_password(password: str) -> None:
    """Check that a password may be chosen: its length alone counts (NIST SP 800-63B §3.1.1.2).

    Raises:
        BadRegistration: it is too short or too long.
    """
    if not FEWEST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise BadRegistration(f"a password has {FEWEST_CHARACTERS} to {MOST_CHARACTERS} characters")


def hash_password(password: str) -> str:
    """Hash a password for the database."""
    with _a_place():
        return _hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Tell whether a password belongs to a hash.

    Raises:
        SignInBusy: no place to compute it became free.
    """
    with _a_place():
        try:
            return _hasher.verify(password_hash, password[:MOST_CHARACTERS])
        except (VerificationError, InvalidHashError):
            return False


# Checked in place of a hash when there is no such account, so that both take the same time.
NOBODY = _hasher.hash("nobody has this password")
