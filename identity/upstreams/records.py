"""What is kept of other providers: trips that are on their way, and who is who."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Trip:
    """One browser that went to a provider and has not come back.

    Attributes:
        state_hash: hash of the state that the answer has to bring.
        browser_hash: hash of the secret that the browser holds.
        provider: name of the provider.
        onward: where the person goes afterwards, as the pages carry it.
        fresh: they have to sign in there anew.
        made_at: when they went.
        expires_at: first second in which the answer is too late.
    """

    state_hash: bytes
    browser_hash: bytes
    provider: str
    onward: str
    fresh: bool
    made_at: int
    expires_at: int


@dataclass(frozen=True)
class Link:
    """An account at a provider that stands for a person here.

    Attributes:
        link_id: hash of the provider's name for them.
        provider: name of the provider.
        person_id: who.
        linked_at: since when.
        last_used_at: when it last signed them in.
    """

    link_id: bytes
    provider: str
    person_id: str
    linked_at: int
    last_used_at: int | None = None


def hash_secret(text: str) -> bytes:
    """Return what is stored in place of a state or a browser's secret."""
    return sha256(text.encode("utf-8", "replace")).digest()


def link_id_of(provider: str, subject: str) -> bytes:
    """Return what is stored in place of a provider's name for somebody."""
    return sha256(f"{provider}\0{subject}".encode("utf-8", "replace")).digest()
