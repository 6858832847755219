"""What the service hands to identity, and what one request holds of it."""

import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from cryptography.x509 import Certificate

from identity.apps.clients import CERTIFIED, SELF_CERTIFIED
from identity.apps.key_sets import KeySets
from identity.asking.details import Types
from identity.people.mandates import MatterName
from identity.seals import Seals
from identity.signing.keys import KeyChain, KeyRing
from identity.store import IdentityStore
from identity.strangers.fetching import Network, Reach, fetch
from identity.trail.observing import SILENT, Observer
from identity.upstreams.configured import Upstream

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Transaction = Callable[[], AbstractContextManager[IdentityStore]]
Result = TypeVar("Result")


class Direct(Protocol):
    """Answers without a thread, where the database can be asked from the event loop."""

    def __call__(self, answer: Callable[[IdentityStore], Result]) -> Awaitable[Result]:
        """Run `answer` with a store whose every statement is a transaction of its own."""


def no_list(_password: str) -> bool:
    """Know no leaked password: no list was given."""
    return False


@dataclass(frozen=True)
class Realm:
    """One provider: its name, its keys, its tables, its clock.

    Attributes:
        issuer: address that tokens name as their issuer, without a trailing slash.
        seals: key that seals subjects, numbers, codes and refresh tokens.
        reading: opens a transaction that only reads.
        writing: opens a transaction that is committed at its end and undone when it raises.
        clock: Unix time in seconds.
        demo_allowed: whether accounts and clients of the demo data may be used.
        reads_are_local: the database is embedded, so an indexed read never waits for a network.
        pushing_required: every authorization request has to be pushed (RFC 9126 §5).
        registration: whether apps may register themselves: `open`, with a `token`, or `closed`.
        resources: interfaces beside our own that read our tokens (RFC 8707).
        detail_types: kinds of details that apps may ask for (RFC 9396).
        upstreams: other providers that vouch for people here, by name.
        is_leaked: tells whether a password is on the operator's list of leaked ones.
        random: source of random bytes.
        takes_certificates: certificates of connections reach us, and may prove an app.
        client_roots: authorities that may vouch for apps, none if nobody may.
        app_networks: private networks in which apps may be called.
        keychain: keys that sign tokens, as this process knows them now.
        key_sets: keys that apps publish, as far as they were read.
        observer: counts and logs what happens.
        matters: matters for which a mandate may be granted, by code.
        direct: the way to the database that needs no thread, None where there is none.
    """

    issuer: str
    seals: Seals
    reading: Transaction
    writing: Transaction
    clock: Callable[[], int]
    demo_allowed: bool = False
    reads_are_local: bool = False
    pushing_required: bool = False
    registration: str = "closed"
    resources: tuple[str, ...] = ()
    detail_types: Types = field(default_factory=dict)
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    is_leaked: Callable[[str], bool] = no_list
    random: Callable[[int], bytes] = field(default=os.urandom)
    takes_certificates: bool = False
    client_roots: tuple[Certificate, ...] = ()
    app_networks: tuple[Network, ...] = ()
    keychain: KeyChain = field(default_factory=KeyChain)
    key_sets: KeySets = field(default_factory=KeySets)
    observer: Observer = SILENT
    direct: Direct | None = None
    matters: Mapping[str, MatterName] = field(default_factory=dict)

    @property
    def keys(self) -> KeyRing:
        """The keys that sign tokens at this moment; whoever needs two of them keeps the ring."""
        return self.keychain.ring

    @property
    def audience(self) -> str:
        """For whom access tokens are meant: our own interfaces."""
        return f"{self.issuer}/api"

    @property
    def registration_open(self) -> bool:
        """Whether apps may register themselves, with a token or without."""
        return self.registration != "closed"

    @property
    def all_resources(self) -> tuple[str, ...]:
        """Every interface for which there may be tokens."""
        return (self.audience, *self.resources)

    @property
    def is_on_loopback(self) -> bool:
        """Whether we are on this machine only, so that apps on it may be called."""
        return urlsplit(self.issuer).hostname in LOOPBACK

    @property
    def reach(self) -> Reach:
        """Where apps may be called."""
        return Reach(self.is_on_loopback, self.app_networks)

    @property
    def certificate_methods(self) -> tuple[str, ...]:
        """How apps may prove themselves by certificates here (RFC 8705 §2)."""
        if not self.takes_certificates:
            return ()
        return (CERTIFIED, SELF_CERTIFIED) if self.client_roots else (SELF_CERTIFIED,)

    def fetch(self, address: str) -> bytes:
        """Read a document that an app publishes; outside any transaction.

        Raises:
            BadRegistrationRequest: it cannot or must not be read.
        """
        return fetch(address, self.reach)

    def fresh_id(self) -> str:
        """Return a random id of 32 hexadecimal digits."""
        return self.random(16).hex()

    def work(self, store: IdentityStore, *, undoes: bool = True) -> "Work":
        """Begin work inside a transaction, or where each statement stands alone."""
        return Work(self, store, self.clock(), undoes)


@dataclass(frozen=True)
class Work:
    """What one request holds: the realm, its transaction, and the time it began.

    Attributes:
        undoes: what was done is undone when it raises; false where each statement stands alone.
    """

    realm: Realm
    store: IdentityStore
    now: int
    undoes: bool = True
