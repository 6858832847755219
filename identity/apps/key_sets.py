"""Key sets that apps publish at an address of theirs (`jwks_uri`, OpenID Connect Registration §2).

Reading one waits for a stranger's server, so it is never done inside a transaction. Whoever needs
a set that is not at hand raises `KeysWanted`, by which its transaction is undone; `with_keys` reads
the set and begins anew. An app that changes its keys is read again when a signature fits none of
those at hand, but never more often than `MOST_READS` in a minute.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from identity.errors import BadRegistrationRequest

LIFETIME_SECONDS = 300
WINDOW_SECONDS = 60
MOST_READS = 5
MOST_SETS = 1000
_STRIPES = 64  # readers of one address wait for each other, hardly ever for those of another

Fetch = Callable[[str], bytes]


@dataclass(frozen=True)
class Published:
    """What an app published when it was last asked.

    Attributes:
        document: its key set, empty if it could not be read.
        good_until: first second in which they have to be read again.
        reads: when it was read lately.
        version: how often it was read.
    """

    document: str = ""
    good_until: int = 0
    reads: tuple[int, ...] = ()
    version: int = 0

    def may_read(self, now: int) -> bool:
        """Tell whether it may be read once more."""
        return len([at for at in self.reads if now - at < WINDOW_SECONDS]) < MOST_READS


NEVER = Published()


@dataclass(frozen=True)
class KeySets:
    """The sets at hand, in this process.

    Attributes:
        reads: whether others may be read; not in the second attempt of `with_keys`.
    """

    reads: bool = True
    _sets: dict[str, Published] = field(default_factory=dict)
    _locks: tuple[threading.Lock, ...] = field(
        default_factory=lambda: tuple(threading.Lock() for _ in range(_STRIPES))
    )

    def find(self, address: str) -> Published:
        """Return what is at hand of a set."""
        return self._sets.get(address, NEVER)

    def may_read(self, address: str, now: int) -> bool:
        """Tell whether a set may be read now."""
        return self.reads and self.find(address).may_read(now)

    def as_they_are(self) -> "KeySets":
        """Return the same sets, of which none is read any more."""
        return replace(self, reads=False)

    def read(self, address: str, seen: int, fetch: Fetch, now: int) -> None:
        """Read a set, unless somebody else did so since its version `seen`."""
        with self._locks[hash(address) % _STRIPES]:
            before = self.find(address)
            if before.version != seen:
                return
            if len(self._sets) >= MOST_SETS and address not in self._sets:
                self._sets.pop(next(iter(self._sets)), None)
            self._sets[address] = _read(before, address, fetch, now)


def _read(before: Published, address: str, fetch: Fetch, now: int) -> Published:
    """Read a set; what cannot be read leaves the keys of before for their time."""
    lately = tuple(at for at in before.reads if now - at < WINDOW_SECONDS)
    noted = replace(before, reads=(*lately, now), version=before.version + 1)
    try:
        document = fetch(address).decode()
    except (BadRegistrationRequest, UnicodeDecodeError):
        return noted
    return replace(noted, document=document, good_until=now + LIFETIME_SECONDS)
