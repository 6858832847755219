"""A sign-in that lasts: the browser holds a random value, we hold its hash."""

from dataclasses import dataclass
from hashlib import sha256

ABSOLUTE_SECONDS = 12 * 3600
IDLE_SECONDS = 30 * 60
TOUCH_SECONDS = 60  # how stale `seen_at` may grow, so that not every page writes
COOKIE_BYTES = 32


@dataclass(frozen=True)
class Session:
    """One browser in which one person is signed in.

    Attributes:
        session_id: random, may appear in tokens; it opens nothing.
        person_id: who is signed in.
        party_id: for whom they act, None while they have not chosen.
        auth_time: when they proved who they are.
        acr: how well they proved it.
        seen_at: when they last did something, to within `TOUCH_SECONDS`.
        expires_at: end that no use puts off.
        ended_at: when they signed out, None if they did not.
        device: the browser, in coarse words.
        amr: by which methods they proved it (RFC 8176), separated by spaces.
        network: from where they signed in, the last part of the address left out.
    """

    session_id: str
    person_id: str
    party_id: str | None
    auth_time: int
    acr: str
    seen_at: int
    expires_at: int
    ended_at: int | None = None
    device: str = ""
    amr: str = "pwd"
    network: str = ""

    def is_live(self, now: int) -> bool:
        """Tell whether it still counts at `now`."""
        idle = now - self.seen_at
        return self.ended_at is None and now < self.expires_at and idle < IDLE_SECONDS


def hash_cookie(cookie: str) -> bytes:
    """Return what is stored in place of a cookie's value."""
    return sha256(cookie.encode()).digest()


def cookie_name(issuer: str) -> str:
    """Name the cookie: bound to the host where browsers reach us by TLS (RFC 6265bis §4.1.3)."""
    return "__Host-haihe" if issuer.startswith("https://") else "haihe_session"
