"""Counting tries: by account, by address and by browser, each before it is looked at.

So parallel tries cannot share a count. What was typed is not kept: the counts go by seals.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from identity.errors import SignInBusy, SignInPaused
from identity.realm import Realm

WINDOW_SECONDS = 5 * 60
ACCOUNT_TRIES = 5
WAIT_SECONDS = 5.0
ADDRESS_TRIES = 100  # failed ones only: a whole office may share one address

_turns = tuple(Lock() for _ in range(64))


@dataclass(frozen=True)
class Count:
    """One thing that is counted, and how many tries it has."""

    kind: str
    value: str
    most: int

    def key(self, realm: Realm) -> bytes:
        """Name it without keeping what was typed."""
        return realm.seals.seal(sha256(self.value.encode()).digest(), "sign-in tries", self.kind)


def by_account(name: str) -> Count:
    """Count the tries for one account, existing or not."""
    return Count("account", name, ACCOUNT_TRIES)


def by_address(address: str) -> Count:
    """Count the tries from one network address."""
    return Count("address", address, ADDRESS_TRIES)


def count_try(realm: Realm, *counts: Count) -> int:
    """Count this try and return how many are left.

    Raises:
        SignInPaused: none is left.
    """
    now, left = realm.clock(), ADDRESS_TRIES
    with realm.writing() as store:
        counted = [store.attempts.count(each.key(realm), now, WINDOW_SECONDS) for each in counts]
    for each, (tries, until) in zip(counts, counted, strict=True):
        if tries > each.most:
            raise SignInPaused(until)
        left = min(left, each.most - tries)
    return left


def forget_tries(realm: Realm, count: Count, *shared: Count) -> None:
    """Start one count again and take this try back from the others: it worked."""
    with realm.writing() as store:
        store.attempts.forget(count.key(realm))
        for each in shared:
            store.attempts.take_back(each.key(realm))


@contextmanager
def one_at_a_time(count: Count) -> Iterator[None]:
    """Let tries of one count take turns, or many right ones at once would look like wrong ones.

    Raises:
        SignInBusy: its turn did not come.
    """
    turn = _turns[hash(count.value) % len(_turns)]
    if not turn.acquire(timeout=WAIT_SECONDS):
        raise SignInBusy("too many tries for this account at this moment")
    try:
        yield
    finally:
        turn.release()
