"""Mandates as people grant them: who may give what to whom, alone or together.

A legal representative appoints administrators, both appoint agents, clerks and auditors. Nobody
gives more than they hold, nobody grants to or signs for themself, and a mandate that needs two
signatures holds only when two people other than its holder have given them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from identity.errors import BadRegistration, MandateMissing, MandateRefused, NotRegistered
from identity.noting import note
from identity.people.mandates import APPS, LICENCES, MANDATES, Mandate
from identity.people.subjects import Person, spell_account
from identity.realm import Work
from identity.standing.acting import SignedIn
from identity.trail.events import (
    MANDATE_ADDED,
    MANDATE_GIVEN_UP,
    MANDATE_RESUMED,
    MANDATE_REVOKED,
    MANDATE_SIGNED,
    MANDATE_SUSPENDED,
    OPERATOR,
    REPRESENTATIVE_CHANGED,
)

USUAL_DAYS = 30
MOST_DAYS = 3 * 366
DAY = 24 * 3600
REPRESENTATIVE = "legal_representative"
USUAL_POWERS = frozenset({LICENCES, MANDATES, APPS})  # of a first representative
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


def sign(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Give the second signature.

    Raises:
        MandateMissing: the signer may grant nothing.
        MandateRefused: the mandate is their own, they granted it, or signed before, or it gives
            more than they hold.
        NotRegistered: no such mandate waits for a signature.
    """
    own, mandate = _in_reach(work, signed_in, mandate_id)
    signer = signed_in.person.person_id
    if signer in {mandate.person_id, mandate.granted_by}:
        raise MandateRefused("own")
    _check_within(own, mandate)
    if not work.store.mandates.sign(mandate_id, signer, work.now):
        raise MandateRefused("signed")
    note(work, MANDATE_SIGNED, signed_in.who, detail=mandate_id)
    return mandate


def _check_within(own: Mandate, mandate: Mandate) -> None:
    """Check that a mandate gives nothing that who makes it hold does not hold.

    Raises:
        MandateRefused: its reason names the field.
    """
    if not mandate.powers <= own.powers:
        raise MandateRefused("powers")
    if own.matters and not (mandate.matters and mandate.matters <= own.matters):
        raise MandateRefused("matters")


def withdraw(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Take a mandate back; it allows nothing from this moment.

    Raises:
        MandateMissing: the person may not manage mandates.
        NotRegistered: there is no such mandate of theirs to manage.
    """
    _in_reach(work, signed_in, mandate_id)
    note(work, MANDATE_REVOKED, signed_in.who, detail=mandate_id)
    return work.store.mandates.revoke(mandate_id, work.now)


def suspend(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Let a mandate rest.

    Raises:
        MandateMissing: the person may not manage mandates.
        NotRegistered: there is no such mandate of theirs to manage.
    """
    _in_reach(work, signed_in, mandate_id)
    note(work, MANDATE_SUSPENDED, signed_in.who, detail=mandate_id)
    return work.store.mandates.suspend(mandate_id, work.now)


def resume(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Let a mandate hold again: also one that rests because its granter left office.

    Raises:
        MandateMissing: the person may not manage mandates.
        MandateRefused: it is their own, or gives more than they hold.
        NotRegistered: there is no such mandate of theirs to manage.
    """
    own, mandate = _in_reach(work, signed_in, mandate_id)
    if mandate.person_id == signed_in.person.person_id:
        raise MandateRefused("own")
    _check_within(own, mandate)
    note(work, MANDATE_RESUMED, signed_in.who, detail=mandate_id)
    return work.store.mandates.resume(mandate_id)


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


def _in_reach(work: Work, signed_in: SignedIn, mandate_id: str) -> tuple[Mandate, Mandate]:
    """Return the manager's own mandate and the one they want to manage."""
    own = held_for_granting(work, signed_in)
    mandate = work.store.mandates.find(mandate_id) if mandate_id.isalnum() else None
    if mandate is None or mandate.legal_person_id != own.legal_person_id:
        raise NotRegistered("no such mandate")
    if mandate.role not in APPOINTS[own.role]:
        raise NotRegistered("no such mandate that you may manage")
    return own, mandate


def change_representative(work: Work, code: str, account: str) -> tuple[Mandate, int]:
    """Follow the register to a new legal representative.

    The mandates of the old one end, and all that was granted under them rests until somebody in
    office resumes it.

    Returns:
        The new representative's mandate, and how many mandates rest.

    Raises:
        NotRegistered: the legal person or the person does not exist.
        BadRegistration: this person is in office already.
    """
    store = work.store
    body = store.people.find_legal_person(code=code)
    found = store.people.find_account(spell_account(account))
    if body is None or found is None:
        raise NotRegistered("no such legal person or no such account")
    old = [
        mandate
        for mandate in store.mandates.standing(body.legal_person_id, work.now)
        if mandate.role == REPRESENTATIVE
    ]
    if found[0].person_id in {mandate.person_id for mandate in old}:
        raise BadRegistration("this person is the legal representative already")
    powers = USUAL_POWERS.union(*(mandate.powers for mandate in old))
    resting = 0
    for mandate in old:
        store.mandates.revoke(mandate.mandate_id, work.now)
        resting += store.mandates.suspend_derived(mandate.mandate_id, work.now)
    new = Mandate(
        mandate_id=work.realm.fresh_id(),
        person_id=found[0].person_id,
        legal_person_id=body.legal_person_id,
        role=REPRESENTATIVE,
        powers=powers,
        valid_from=work.now,
    )
    store.mandates.add(new)
    note(work, REPRESENTATIVE_CHANGED, OPERATOR, detail=new.mandate_id)
    return new, resting
