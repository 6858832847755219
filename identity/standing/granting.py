"""Mandates as people grant them: who may give what to whom, alone or together.

A legal representative appoints administrators, both appoint agents, clerks and auditors. Nobody
gives more than they hold, nobody grants to themself, and what the city holds back is not granted
anew. Who may grant only together with somebody else gives the first of two signatures
(`standing.cosigning`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from identity.errors import MandateMissing, MandateRefused, NotRegistered
from identity.noting import note
from identity.people.mandates import MANDATES, Mandate, Signature
from identity.people.subjects import Person, spell_account
from identity.realm import Work
from identity.standing.acting import SignedIn
from identity.trail.events import (
    MANDATE_ADDED,
    MANDATE_GIVEN_UP,
    MANDATE_REVOKED,
    MANDATE_SUSPENDED,
)

USUAL_DAYS = 30
MOST_DAYS = 3 * 366
DAY = 24 * 3600
REPRESENTATIVE = "legal_representative"
# What each role may appoint. A legal representative comes from the register alone.
APPOINTS: Mapping[str, frozenset[str]] = {
    REPRESENTATIVE: frozenset({"administrator", "agent", "clerk", "auditor"}),
    "administrator": frozenset({"agent", "clerk", "auditor"}),
}


@dataclass(frozen=True)
class Offer:
    """A mandate somebody wants to grant.

    Attributes:
        account: account name of the one who shall act.
        name: their whole name, so that nobody is found by guessing accounts.
        role: in which role.
        powers: what they may do.
        matters: for which matters alone, by code; empty for all.
        days: how many days it holds.
        joint: whether a second person has to sign it.
    """

    account: str
    name: str
    role: str
    powers: frozenset[str]
    matters: frozenset[str] = frozenset()
    days: int = USUAL_DAYS
    joint: bool = False


def held_for_granting(work: Work, signed_in: SignedIn) -> Mandate:
    """Return the mandate under which somebody may grant others for the one they act for.

    Raises:
        MandateMissing: they have none.
    """
    party = signed_in.party
    if party is None or not party.is_legal_person:
        raise MandateMissing("mandates are granted for a legal person")
    held = [
        mandate
        for mandate in work.store.mandates.of_person(signed_in.person.person_id, party.party_id)
        if mandate.is_live(work.now) and MANDATES in mandate.powers and mandate.role in APPOINTS
    ]
    if not held:
        raise MandateMissing("this mandate does not let you grant others")
    return min(held, key=lambda mandate: list(APPOINTS).index(mandate.role))


def grant(work: Work, signed_in: SignedIn, offer: Offer) -> Mandate:
    """Let a person act for the legal person, from now on or from the second signature.

    Raises:
        MandateMissing: the granter may grant nothing.
        MandateRefused: the offer goes beyond what the granter may give.
    """
    own = held_for_granting(work, signed_in)
    check_offer(own, offer, frozenset(work.realm.matters))
    holder = _find_holder(work, offer)
    if holder.person_id == signed_in.person.person_id:
        raise MandateRefused("own")
    _check_not_held_back(work, holder, own.legal_person_id)
    ends = work.now + offer.days * DAY
    mandate = Mandate(
        mandate_id=work.realm.fresh_id(),
        person_id=holder.person_id,
        legal_person_id=own.legal_person_id,
        role=offer.role,
        powers=offer.powers,
        valid_from=work.now,
        valid_to=ends if own.valid_to is None else min(ends, own.valid_to),
        matters=offer.matters,
        granted_by=signed_in.person.person_id,
        parent_id=own.mandate_id,
        signatures_missing=1 if offer.joint or own.joint else 0,
    )
    work.store.mandates.add(mandate)
    work.store.mandates.add_signature(mandate.mandate_id, signature_of(own), work.now)
    note(work, MANDATE_ADDED, signed_in.who, detail=mandate.mandate_id)
    return mandate


def check_offer(own: Mandate, offer: Offer, matters: frozenset[str]) -> None:
    """Check that an offer gives nothing that the granter does not hold.

    Raises:
        MandateRefused: its reason names the field.
    """
    if offer.role not in APPOINTS.get(own.role, frozenset()):
        raise MandateRefused("role")
    if not offer.powers or not offer.powers <= own.powers:
        raise MandateRefused("powers")
    if MANDATES in offer.powers and offer.role != "administrator":
        raise MandateRefused("powers")  # who grants must hold a role that appoints
    if not offer.matters <= matters or (own.matters and not offer.matters):
        raise MandateRefused("matters")
    if own.matters and not offer.matters <= own.matters:
        raise MandateRefused("matters")
    if not 1 <= offer.days <= MOST_DAYS:
        raise MandateRefused("days")


def _find_holder(work: Work, offer: Offer) -> Person:
    found = work.store.people.find_account(spell_account(offer.account))
    if found is None or found[0].name != offer.name.strip():
        raise MandateRefused("person")  # the same words whether there is such an account or not
    return found[0]


def _check_not_held_back(work: Work, holder: Person, legal_person_id: str) -> None:
    """Check that the city holds back nothing that this legal person gave them.

    Else the same powers, granted anew, would undo what only the city may undo.

    Raises:
        MandateRefused: it does.
    """
    for mandate in work.store.mandates.of_person(holder.person_id, legal_person_id):
        runs = mandate.valid_to is None or work.now < mandate.valid_to
        if mandate.held_back_at is not None and runs:
            raise MandateRefused("held")


def signature_of(own: Mandate) -> Signature:
    """Return the signature of who holds a mandate that lets them sign."""
    return Signature(own.person_id, own.mandate_id)


def withdraw(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Take a mandate back; it allows nothing from this moment.

    Raises:
        MandateMissing: the person may not manage mandates.
        NotRegistered: there is no such mandate of theirs to manage.
    """
    in_reach(work, signed_in, mandate_id)
    note(work, MANDATE_REVOKED, signed_in.who, detail=mandate_id)
    return work.store.mandates.revoke(mandate_id, work.now)


def suspend(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Let a mandate rest.

    Raises:
        MandateMissing: the person may not manage mandates.
        NotRegistered: there is no such mandate of theirs to manage.
    """
    in_reach(work, signed_in, mandate_id)
    note(work, MANDATE_SUSPENDED, signed_in.who, detail=mandate_id)
    return work.store.mandates.suspend(mandate_id, work.now)


def give_up(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Let a person give up a mandate they hold.

    Raises:
        NotRegistered: they hold no such mandate, or it comes from the register.
    """
    mandate = work.store.mandates.find(mandate_id) if mandate_id.isalnum() else None
    holder = signed_in.person.person_id
    if mandate is None or mandate.person_id != holder or not mandate.granted_by:
        raise NotRegistered("no such mandate")
    note(work, MANDATE_GIVEN_UP, signed_in.who, detail=mandate_id)
    return work.store.mandates.revoke(mandate_id, work.now)


def in_reach(work: Work, signed_in: SignedIn, mandate_id: str) -> tuple[Mandate, Mandate]:
    """Return the manager's own mandate and the one they want to manage.

    Raises:
        MandateMissing: the person may not manage mandates.
        NotRegistered: there is no such mandate of theirs to manage.
    """
    own = held_for_granting(work, signed_in)
    mandate = work.store.mandates.find(mandate_id) if mandate_id.isalnum() else None
    if mandate is None or mandate.legal_person_id != own.legal_person_id:
        raise NotRegistered("no such mandate")
    if mandate.role not in APPOINTS[own.role]:
        raise NotRegistered("no such mandate that you may manage")
    return own, mandate
