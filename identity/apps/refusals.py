"""What an app's requests were refused for lately, so that its developers can read it.

At most `SLOTS` different refusals are kept for an app, each with its last time and its count: a
flood of bad requests writes one row a second. Values that a person could have typed are left out.
"""

import re
from dataclasses import dataclass, replace
from hashlib import sha256

SLOTS = 16
MOST_CHARACTERS = 500
_QUERY = re.compile(r"\?[^\s'\"]+")  # of an address that was sent: anything may stand there
# What a person decided or has to do is no fault of the app.
NORMAL = frozenset(
    {
        "access_denied",
        "login_required",
        "consent_required",
        "interaction_required",
        "account_selection_required",
        "authorization_pending",
        "slow_down",
    }
)


@dataclass(frozen=True)
class Fault:
    """A request of an app that was refused.

    Attributes:
        client_id: the app that the request named, proved or not.
        endpoint: path of the address.
        error: code of the protocol.
        description: what was wrong.
        at: when last.
        count: how often.
    """

    client_id: str
    endpoint: str
    error: str
    description: str
    at: int = 0
    count: int = 1

    @property
    def slot(self) -> bytes:
        """Name the one row in which it is kept."""
        kind = sha256("\0".join((self.endpoint, self.error, self.description)).encode())
        place = kind.digest()[0] % SLOTS
        return sha256(f"{self.client_id}\0{place}".encode()).digest()

    def told(self, now: int) -> "Fault":
        """Return what of it is kept: without values that a person could have typed."""
        why = _QUERY.sub("?…", self.description)[:MOST_CHARACTERS]
        return replace(self, description=why, at=now)
