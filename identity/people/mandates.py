"""Mandates: what a legal person lets a person do in its name, and until when."""

from collections.abc import Iterable
from dataclasses import dataclass

from identity.errors import MandateMissing

LICENCES = "licences"
ISSUE = "issue"
VERIFY = "verify"
AUDIT = "audit"
MANDATES = "mandates"
APPS = "apps"
POWERS = frozenset({LICENCES, ISSUE, VERIFY, AUDIT, MANDATES, APPS})
SHOW = "show"  # comes with LICENCES to people; an app gets each by a scope of its own
USES = "uses"  # reading who used the licences; comes with LICENCES, to apps by a scope
RECORDS = "records"  # reading the records of what one did oneself: everybody may
OWN_POWERS = frozenset({LICENCES, SHOW, USES, RECORDS})  # what everybody may do for themself


@dataclass(frozen=True)
class MatterName:
    """How a matter (事项) is called; what it is about is nobody's business here."""

    zh: str
    en: str


ROLES = ("legal_representative", "administrator", "agent", "clerk", "auditor")


@dataclass(frozen=True)
class Mandate:
    """A legal person's word that a person may act for it.

    Attributes:
        mandate_id: random.
        person_id: who acts.
        legal_person_id: for whom.
        role: one of `ROLES`.
        powers: some of `POWERS`.
        valid_from: first second in which it holds.
        valid_to: first second in which it no longer holds; None: until revoked.
        revoked_at: when it was taken back, None if it was not.
        matters: for which matters alone it holds, by code; empty for all.
        granted_by: person who granted it, empty if it comes from the register.
        parent_id: mandate under which it was granted, empty if it comes from the register.
        signatures_missing: how many more people have to sign it before it holds.
        suspended_at: when it was suspended, None if it is not.
        joint: who holds it may grant mandates only together with somebody else.
        held_back_at: when the city held it back, None if it does not. Only the city lets it go;
            `suspended_at` is the legal person's own word, and both have to be None.
    """

    mandate_id: str
    person_id: str
    legal_person_id: str
    role: str
    powers: frozenset[str]
    valid_from: int
    valid_to: int | None = None
    revoked_at: int | None = None
    matters: frozenset[str] = frozenset()
    granted_by: str = ""
    parent_id: str = ""
    signatures_missing: int = 0
    suspended_at: int | None = None
    joint: bool = False
    held_back_at: int | None = None

    def is_live(self, now: int) -> bool:
        """Tell whether it holds at `now`."""
        stopped = (self.revoked_at, self.suspended_at, self.held_back_at)
        if any(at is not None for at in stopped):
            return False
        if self.signatures_missing or now < self.valid_from:
            return False
        return self.valid_to is None or now < self.valid_to

    def covers(self, matter: str) -> bool:
        """Tell whether it holds for a matter; for every matter it may be, with an empty name."""
        return not self.matters or not matter or matter in self.matters


@dataclass(frozen=True)
class Signature:
    """One person's word that a mandate shall hold.

    Attributes:
        person_id: who signed.
        under: the mandate of their own that lets them.
    """

    person_id: str
    under: str


def check_mandate(
    mandates: Iterable[Mandate], person_id: str, party_id: str, now: int
) -> frozenset[str]:
    """Check that a person may act for a party at `now`, and return what they may do.

    Everybody may act for themself. Several live mandates add up.

    Raises:
        MandateMissing: no live mandate leads from the party to the person.
    """
    if party_id == person_id:
        return OWN_POWERS
    live = live_mandates(mandates, person_id, party_id, now)
    held = frozenset({RECORDS}).union(*(mandate.powers for mandate in live))
    return held | {SHOW, USES} if LICENCES in held else held


def live_mandates(
    mandates: Iterable[Mandate], person_id: str, party_id: str, now: int
) -> list[Mandate]:
    """Return the mandates from a legal person to a person that hold at `now`.

    Raises:
        MandateMissing: there is none.
    """
    live = [
        mandate
        for mandate in mandates
        if (mandate.person_id, mandate.legal_person_id) == (person_id, party_id)
        and mandate.is_live(now)
    ]
    if not live:
        raise MandateMissing("no live mandate from this legal person")
    return live
