"""Handing out a licence on paper: drawn and signed when first asked for, the same file ever after.

It is made between two transactions: drawing takes milliseconds, in which nobody shall wait. Of any
number that are made at the same moment one is kept, and everybody gets that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from certificates.catalogue import LicenceType
from certificates.contents import name_licence, type_of_code
from certificates.errors import UnknownLicence
from certificates.formats.credential import Signing
from certificates.licences import KeptPaper, Licence
from certificates.papers import offline
from certificates.papers.cms import Stamp
from certificates.papers.sealing import Update, seal
from certificates.purposes import check_purpose
from certificates.recording import Actor, AppendRecord, Use
from certificates.store import CertificateStore

Draw = Callable[[Licence, LicenceType, str], bytes]
"""Draw a licence with its offline code as PDF/A; raises GlyphMissing or PaperUnavailable."""


@dataclass(frozen=True)
class PaperTools:
    """What making a paper needs from outside.

    Attributes:
        stamp: gets a time-stamp; None: the paper has none.
    """

    draw: Draw
    find_signer: Callable[[str, str], Signing]
    stamp: Stamp | None = None


@dataclass(frozen=True)
class Downloaded:
    """A licence on paper, and the record of handing it out."""

    pdf: bytes
    record: str


def hand_out(
    store: CertificateStore, paper: KeptPaper, purpose: str, actor: Actor, append: AppendRecord
) -> Downloaded:
    """Keep a paper, unless another was kept meanwhile, and hand out the one that is kept.

    Raises:
        UnknownLicence: there is no such licence, or the actor may not know of it.
        PurposeRefused: the purpose is missing or too long.
    """
    purpose = check_purpose(purpose)
    licence = find_open(store, paper.identifier, actor)
    kept = store.papers.keep(paper)
    return Downloaded(kept.pdf, append(_use(licence, kept, purpose, actor)))


def make_paper(licence: Licence, tools: PaperTools, now: int) -> KeptPaper:
    """Draw a licence and sign it with its department's key; nothing is kept yet.

    Raises:
        GlyphMissing, PaperUnavailable: it cannot be drawn here.
        StampUnavailable: there is no time-stamp just now.
    """
    kind = type_of_code(licence.type_code)
    signer = tools.find_signer(licence.issuer_code, licence.issuer_name)
    drawn = tools.draw(licence, kind, offline.write(licence, kind, signer))
    update = Update(licence.sd_jwt, now, licence.issuer_name)
    sealed = seal(drawn, update, signer, tools.stamp)
    return KeptPaper(licence.identifier, sealed, now)


def find_open(store: CertificateStore, identifier: str, actor: Actor) -> Licence:
    """Find a licence for its holder or the department that issued it.

    Raises:
        UnknownLicence: there is none, or the actor may not know of it.
    """
    licence = store.find_licence(identifier)
    if licence is None or not _may_know(licence, actor):
        raise UnknownLicence("there is no such licence among yours")
    return licence


def _may_know(licence: Licence, actor: Actor) -> bool:
    needed = {"licences": licence.holder_id, "issue": licence.issuer_id}
    return any(power in actor.powers and party == actor.party_id for power, party in needed.items())


def _use(licence: Licence, kept: KeptPaper, purpose: str, actor: Actor) -> Use:
    fields = {
        **name_licence(licence),
        "purpose": purpose,
        "file": sha256(kept.pdf).hexdigest(),
        "for_name": actor.party_name,
        "by_name": actor.person_name,
    }
    return Use("download", licence.holder_id, actor, fields)
