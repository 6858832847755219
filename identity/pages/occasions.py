"""What the consent page tells about who asks, and from where."""

from dataclasses import dataclass

from identity.asking.decoupled import read_user_code, show_user_code
from identity.authorization.asked import Asked
from identity.metadata.allowances import NOBODY
from identity.realm import Realm, Work


@dataclass(frozen=True)
class Occasion:
    """Where a request of another device comes from.

    Attributes:
        code: what the terminal shows; empty without one.
        message: what the asker's screen shows too.
    """

    code: str
    message: str


@dataclass(frozen=True)
class Owner:
    """Who answers for an app.

    Attributes:
        name: of the legal person.
        answers: somebody does; an app that registered itself may call itself anything.
    """

    name: str
    answers: bool


def describe_occasion(realm: Realm, pending: Asked) -> Occasion | None:
    """Describe a request of another device; None for one of this browser."""
    asked = pending.occasion
    if asked is None:
        return None
    code = read_user_code(realm.seals, asked.user_code) if asked.user_code else ""
    return Occasion(show_user_code(code) if code else "", asked.message)


def describe_owner(work: Work, pending: Asked | None) -> Owner | None:
    """Name who answers for the app that asks; None if nobody is known."""
    if pending is None:
        return None
    owner_id = pending.client.owner_id
    found = work.store.people.find_parties({owner_id}).get(owner_id)
    return Owner(found.name, owner_id != NOBODY.legal_person_id) if found else None
