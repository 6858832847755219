"""Who acts, in the words of each domain: identity finds out, the others are told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request

from identity.people.subjects import Party, Person
from identity.standing.access import Access
from identity.standing.acting import SignedIn

Actor = TypeVar("Actor")


@dataclass(frozen=True)
class Acting:
    """Somebody who acts: through a page of ours, or through an app.

    Certificates and ledger declare an `Actor` of the same shape; this is it.

    Attributes:
        person_id: None when an app acts by itself.
        party_code: unified social credit code of a legal person, "" for a person.
        powers: what the mandate and, through an app, its scopes allow.
        client_id: the app; None on our own pages.
    """

    person_id: str | None
    person_name: str
    party_id: str
    party_name: str
    party_code: str
    is_legal_person: bool
    powers: frozenset[str]
    client_id: str | None


def acting_by_session(signed_in: SignedIn) -> Acting | None:
    """Who acts on a page; None while the person has not chosen for whom."""
    if signed_in.party is None:
        return None
    return _acting(signed_in.person, signed_in.party, signed_in.powers, None)


def acting_by_token(access: Access) -> Acting:
    """Who acts through an app."""
    return _acting(access.person, access.party, access.powers, access.client_id)


def _acting(
    person: Person | None, party: Party, powers: frozenset[str], client_id: str | None
) -> Acting:
    return Acting(
        person_id=person.person_id if person else None,
        person_name=person.name if person else "",
        party_id=party.party_id,
        party_name=party.name,
        party_code=party.code,
        is_legal_person=party.is_legal_person,
        powers=powers,
        client_id=client_id,
    )


def actor_as(
    kind: Callable[..., Actor], find: Callable[[Request], Acting]
) -> Callable[[Request], Actor]:
    """Make a dependency that tells a domain, in its own words, who acts.

    Args:
        kind: the domain's own `Actor`, of the same shape as `Acting`.
        find: finds who acts at a request.
    """

    def find_actor(request: Request) -> Actor:
        return kind(**vars(find(request)))

    return find_actor
