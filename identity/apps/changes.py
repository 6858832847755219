"""A change of a sensitive app: proposed by one person, done when another approves it."""

from dataclasses import dataclass

WAITS_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Change:
    """What somebody wants to change.

    Attributes:
        change_id: random.
        client_id: of which app.
        act: what to do, one of `identity.managing.ACTS`.
        document: what the app shall be then, as JSON text; empty where `act` says it all.
        proposed_by: random id of the person.
        proposed_at: when.
        expires_at: first second in which nobody can approve it any more.
    """

    change_id: str
    client_id: str
    act: str
    document: str
    proposed_by: str
    proposed_at: int
    expires_at: int
