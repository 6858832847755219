"""Scan-to-sign-in: a desktop shows a code, a phone that is signed in lets it in.

The code is a challenge that opens nothing: it names a request whose secret only the asking browser
holds. So who photographs the code gets nothing; and who sends it to somebody else is shown on that
person's phone with app, browser and place, and needs an act of theirs beside the number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from identity.people.assurance import (
    HARDWARE_KEY,
    KEY,
    OTHER_CHANNEL,
    PRESENT,
    SOFTWARE_KEY,
)

LIFETIME_SECONDS = 120
SECRET_BYTES = 32
WAITING, APPROVED, REFUSED, USED = "waiting", "approved", "refused", "used"
# What a phone's key shows it shows for the phone's own page: a code can be passed on.
_STAYS = {KEY, HARDWARE_KEY, SOFTWARE_KEY, PRESENT}


@dataclass(frozen=True)
class Scan:
    """A desktop that waits for a phone.

    Attributes:
        scan_id: hash of the secret that the desktop's browser holds.
        number: shown on both screens.
        client_name: the app one signs in to, empty for ourselves.
        device: the asking browser, in coarse words.
        network: the network it is in.
        made_at: when it began to wait.
        expires_at: first second in which it is over.
        fresh: the app wants a sign-in made after the code was.
        state: waiting, approved, refused or used.
        person_id: who let it in.
        acr: how well they had proved who they are.
        amr: by what.
        auth_time: when.
        session_id: the phone's sign-in that let it in.
    """

    scan_id: bytes
    number: str
    client_name: str
    device: str
    network: str
    made_at: int
    expires_at: int
    fresh: bool
    state: str = WAITING
    person_id: str | None = None
    acr: str = ""
    amr: str = ""
    auth_time: int = 0
    session_id: str | None = None

    def waits(self, now: int) -> bool:
        """Tell whether a phone may still answer."""
        return self.state == WAITING and now < self.expires_at


def id_of(secret: str) -> bytes:
    """Return what is stored in place of a desktop's secret."""
    return sha256(secret.encode()).digest()


def match_number(random: Callable[[int], bytes]) -> str:
    """Make the number for both screens: two digits, none of them zero in front."""
    return str(10 + int.from_bytes(random(4), "big") % 90)


def carried_over(amr: str) -> tuple[str, ...]:
    """Return by what a desktop is signed in when a phone let it in (RFC 8176 §2)."""
    return (*(each for each in amr.split() if each not in _STAYS), OTHER_CHANNEL)
