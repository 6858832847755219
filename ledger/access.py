"""Who may see which record."""

from dataclasses import dataclass

from ledger.errors import PowerMissing, RecordUnknown
from ledger.records import PARTY, PERSON, SUBJECT, PseudonymKey, Record

AUDIT = "audit"
USES = "uses"  # of the licences of the one for whom one acts
OWN_RECORDS = "records"  # of what one did oneself


@dataclass(frozen=True)
class Actor:
    """Who asks, and for whom they act.

    Attributes:
        person_id: None for an app that acts by itself.
        party_id: for whom: the person, or a legal person.
        powers: what the mandate, and the scope of a token, allow.
        client_id: app through which they came.
    """

    person_id: str | None
    person_name: str
    party_id: str
    party_name: str
    party_code: str
    is_legal_person: bool
    powers: frozenset[str]
    client_id: str | None


def require(actor: Actor, *powers: str) -> None:
    """Check that the actor has one of several powers.

    Raises:
        PowerMissing: they have none; names the first.
    """
    if actor.powers.isdisjoint(powers):
        raise PowerMissing(powers[0])


def check_may_see(record: Record, actor: Actor, key: PseudonymKey) -> None:
    """Check that a record is open to the actor: auditor, holder, or the one who acted.

    Raises:
        RecordUnknown: it is not; whether it exists is not told.
    """
    names = record.pseudonyms
    if AUDIT in actor.powers:
        return
    holds = names[SUBJECT] == key.pseudonym(SUBJECT, actor.party_id)
    if holds and USES in actor.powers:
        return
    acted_for = names[PARTY] == key.pseudonym(PARTY, actor.party_id)
    if acted_for and names[PERSON] == key.pseudonym(PERSON, actor.person_id or ""):
        return
    raise RecordUnknown("no record has this id")
