"""Who acts, and what is recorded of it: every use of a licence becomes one record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from certificates.errors import PowerMissing
from certificates.matters import Matter

Kind = Literal["issue", "show", "verify", "status", "download"]


@dataclass(frozen=True)
class Actor:
    """Who acts, for whom, with which powers, through which app.

    Attributes:
        person_id: None when a service client acts by itself.
        party_id: for whom: the person, or a legal person.
        party_code: unified social credit code of a legal person, "" for a person.
        powers: what both the mandate and the app's scope allow.
        client_id: the app through which it came; None on our own pages.
    """

    person_id: str | None
    person_name: str
    party_id: str
    party_name: str
    party_code: str
    is_legal_person: bool
    powers: frozenset[str]
    client_id: str | None


@dataclass(frozen=True)
class Use:
    """One use of a licence, to be recorded.

    Attributes:
        holder_id: the party whose licence it is.
        fields: what happened, all values text.
    """

    kind: Kind
    holder_id: str
    actor: Actor
    fields: Mapping[str, str]


AppendRecord = Callable[[Use], str]
"""Record a use in the caller's transaction; gives the record's id."""

FindIssue = Callable[[str], Mapping[str, str] | None]
"""Find the fields of the issue record of that id in the ledger; None if there is none."""


def require_power(actor: Actor, power: str) -> None:
    """Check that the actor has a power.

    Raises:
        PowerMissing: the mandate or the app's scope does not give it.
    """
    if power not in actor.powers:
        raise PowerMissing(power)


def name_matter(matter: Matter) -> Mapping[str, str]:
    """Name a matter in a record: its code, and its name as it was at that time."""
    return {"matter": matter.code, "matter_name": matter.zh}
