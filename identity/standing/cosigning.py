"""Mandates that need two signatures: given, and given anew when such a mandate is resumed.

Both people are others than the holder, both hold at that moment what they give, and each signs
under a mandate of their own that still holds when the second signature makes the mandate hold.
"""

from identity.errors import MandateRefused
from identity.noting import note
from identity.people.mandates import MANDATES, Mandate, Signature
from identity.realm import Work
from identity.standing.acting import SignedIn
from identity.standing.granting import APPOINTS, in_reach, signature_of
from identity.trail.events import MANDATE_RESUMED, MANDATE_SIGNED


def sign(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Give the second signature.

    Raises:
        MandateMissing: the signer may grant nothing.
        MandateRefused: the mandate is their own, or theirs is the first signature; it gives more
            than they hold; or who signed first could not grant it any more.
        NotRegistered: no such mandate waits for a signature.
    """
    own, mandate = in_reach(work, signed_in, mandate_id)
    first = work.store.mandates.signatures(mandate_id)
    if own.person_id in {mandate.person_id, *(each.person_id for each in first)}:
        raise MandateRefused("own")
    _check_within(own, mandate)
    if mandate.signatures_missing:
        for signature in first:
            _check_stands(work, signature, mandate)
    if not work.store.mandates.sign(mandate_id, signature_of(own), work.now):
        raise MandateRefused("signed")
    note(work, MANDATE_SIGNED, signed_in.who, detail=mandate_id)
    return mandate


def resume(work: Work, signed_in: SignedIn, mandate_id: str) -> Mandate:
    """Let a mandate hold again: also one that rests because its granter left office.

    Who may grant only together with somebody else lets it hold from the second signature on.

    Raises:
        MandateMissing: the person may not manage mandates.
        MandateRefused: it is their own, or gives more than they hold, or the city holds it back.
        NotRegistered: there is no such mandate of theirs to manage.
    """
    own, mandate = in_reach(work, signed_in, mandate_id)
    if mandate.person_id == own.person_id:
        raise MandateRefused("own")
    if mandate.held_back_at is not None:
        raise MandateRefused("held")
    _check_within(own, mandate)
    note(work, MANDATE_RESUMED, signed_in.who, detail=mandate_id)
    if own.joint:
        return work.store.mandates.resume_in_part(mandate_id, signature_of(own), work.now)
    return work.store.mandates.resume(mandate_id)


def _check_within(own: Mandate, mandate: Mandate) -> None:
    """Check that a mandate gives nothing that who makes it hold does not hold.

    Raises:
        MandateRefused: its reason names the field.
    """
    if not mandate.powers <= own.powers:
        raise MandateRefused("powers")
    if own.matters and not (mandate.matters and mandate.matters <= own.matters):
        raise MandateRefused("matters")


def _check_stands(work: Work, signature: Signature, mandate: Mandate) -> None:
    """Check that who signed first could still grant what the second signature lets hold.

    Raises:
        MandateRefused: their own mandate has ended, rests, or gives less by now.
    """
    under = work.store.mandates.find(signature.under)
    if under is None or not under.is_live(work.now) or MANDATES not in under.powers:
        raise MandateRefused("granter")
    if mandate.role not in APPOINTS.get(under.role, frozenset()):
        raise MandateRefused("granter")
    _check_within(under, mandate)
