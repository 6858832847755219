"""Messages to apps that must arrive: how long we try, how often, and when we give up."""

from collections.abc import Mapping
from dataclasses import dataclass

from identity.seals import Seals

Content = Mapping[str, str]  # what a message says, as its kind needs it
LOGOUT = "logout"  # OpenID Connect Back-Channel Logout 1.0 §2.5
PING = "ping"  # OpenID Connect CIBA §10.2
LEASE_SECONDS = 60  # a worker that died while it sent is followed by another after this long
FIRST_WAIT_SECONDS = 2
GROWTH = 4
LONGEST_WAIT_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Policy:
    """How one kind of message is sent.

    Attributes:
        lifetime: seconds after which a message is of no use any more.
        patient: an app's refusal may be of the moment, so it is asked again.
    """

    lifetime: int
    patient: bool


POLICIES: Mapping[str, Policy] = {
    LOGOUT: Policy(48 * 3600, patient=True),
    PING: Policy(600, patient=False),
}


@dataclass(frozen=True)
class Delivery:
    """One message on its way to an app.

    Attributes:
        delivery_id: random; an app may see it, to know a repetition.
        kind: one of `POLICIES`.
        client_id: to whom.
        address: where to.
        sealed: what it says, readable here alone.
        created_at: when its cause happened.
        expires_at: first second in which it is not worth another try.
        next_at: when to try, or to try again; None once it was sent or given up.
        attempts: how many tries have begun.
        finished_at: when it was sent or given up.
        outcome: what the app answered last.
    """

    delivery_id: str
    kind: str
    client_id: str
    address: str
    sealed: bytes
    created_at: int
    expires_at: int
    next_at: int | None
    attempts: int = 0
    finished_at: int | None = None
    outcome: str = ""


@dataclass(frozen=True)
class Message:
    """What is posted to an app.

    Attributes:
        body: the content.
        media_type: what it is.
        bearer: token that shows that it is us, empty for none.
    """

    body: bytes
    media_type: str
    bearer: str = ""


def seal_content(seals: Seals, delivery_id: str, content: bytes) -> bytes:
    """Seal what a message says; it opens under its own id alone."""
    return seals.seal(content, "delivery", delivery_id)


def open_content(seals: Seals, delivery: Delivery) -> bytes:
    """Read what a message says.

    Raises:
        SealBroken: the stored bytes were changed.
    """
    return seals.open(delivery.sealed, "delivery", delivery.delivery_id)


def arrived(status: int | None) -> bool:
    """Tell whether an app took a message; None means that it did not answer."""
    return status is not None and 200 <= status < 300


def next_try(delivery: Delivery, status: int | None, now: int) -> int | None:
    """Return when a message that did not arrive is sent again; None when it is given up.

    An app that is there and refuses is not asked again by the impatient kinds: CIBA §10.2 leaves
    it at one notification. A redirect is a refusal, nobody follows it.
    """
    policy = POLICIES[delivery.kind]
    refused = status is not None and 300 <= status < 500
    at = now + wait_after(delivery.attempts, delivery.delivery_id)
    return None if at >= delivery.expires_at or (refused and not policy.patient) else at


def wait_after(attempts: int, delivery_id: str) -> int:
    """Return how many seconds to wait after a number of tries.

    Each wait is four times the one before; up to a quarter more, by the id, so that an app that
    comes back is not met by all at once.
    """
    grown: int = FIRST_WAIT_SECONDS * GROWTH ** min(attempts - 1, 16)
    wait = min(grown, LONGEST_WAIT_SECONDS)
    return wait + int(delivery_id[:8], 16) % (wait // 4 + 1)
