"""What the consent page tells about a request that comes from another device."""

from dataclasses import dataclass

from identity.asking.decoupled import read_user_code, show_user_code
from identity.authorization.asked import Asked
from identity.realm import Work


@dataclass(frozen=True)
class Occasion:
    """Where a request comes from.

    Attributes:
        code: what the terminal shows; empty without one.
        message: what the asker's screen shows too.
        owner: the legal person behind the app.
    """

    code: str
    message: str
    owner: str


def describe_occasion(work: Work, pending: Asked | None) -> Occasion | None:
    """Describe a request of another device; None for one of this browser."""
    if pending is None or pending.occasion is None:
        return None
    asked, owner_id = pending.occasion, pending.client.owner_id
    code = read_user_code(work.realm.seals, asked.user_code) if asked.user_code else ""
    owner = work.store.people.find_parties({owner_id}).get(owner_id)
    return Occasion(
        show_user_code(code) if code else "", asked.message, owner.name if owner else ""
    )
