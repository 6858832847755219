"""The desk: every use case of certificates with its transaction, for routes and pages alike."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from certificates.catalogue import CATALOGUE, LicenceType
from certificates.contents import type_of_code
from certificates.downloading import Downloaded, PaperTools, find_open, hand_out, make_paper
from certificates.formats.credential import Random, Signing
from certificates.issuing import Changed, FindSigner, Issued, IssueTools, change_state, issue
from certificates.licences import Licence
from certificates.lifecycle import State
from certificates.papers import offline
from certificates.papers.cms import Stamp
from certificates.presenting import Shown, find_own, show
from certificates.purposes import check_purpose
from certificates.recording import Actor, AppendRecord, FindIssue, require_power
from certificates.requests import FindHolder, IssueRequest
from certificates.stamps.authority import answer
from certificates.stamps.tokens import imprint_of, write
from certificates.status import StatusLists
from certificates.store import CertificateStore
from certificates.verdicts import Kept, Screen, Sealing
from certificates.verifying import Verdict, VerifyRequest, VerifyTools, verify

LATEST = 50


class Drawing(Protocol):
    """Draws licences."""

    def __call__(self, licence: Licence, kind: LicenceType, code: str) -> bytes:
        """Draw a licence with its offline code as PDF/A."""

    def check(self, text: str) -> None:
        """Check that a text can be drawn; raises GlyphMissing."""


@dataclass(frozen=True)
class Work:
    """One transaction: the certificates' rows, and what the other domains do in it."""

    store: CertificateStore
    append: AppendRecord
    find_holder: FindHolder
    find_issue: FindIssue


@dataclass(frozen=True)
class Desk:
    """What the service hands to certificates.

    Attributes:
        reading: opens a transaction that reads.
        writing: opens one that is committed when its block ends, undone when it raises.
        find_signer: a department's key, by credit code and name.
        drawer: draws licences as PDF, and knows which characters it can.
        stamp: gets time-stamps for papers from another authority; None: ours makes them.
        stamp_roots: roots of other time-stamp authorities that are trusted, DER.
        stamper: key of the time-stamp authority.
        root: the city's root certificate, DER.
        statuses: the signed status lists.
        address: of this service, without a slash at the end.
        clock: Unix seconds.
        random: source of random bytes.
        sealing: closes what must not be read in the database.
    """

    reading: Callable[[], AbstractContextManager[CertificateStore]]
    writing: Callable[[], AbstractContextManager[Work]]
    find_signer: FindSigner
    drawer: Drawing
    stamper: Signing
    stamp: Stamp | None
    stamp_roots: tuple[bytes, ...]
    root: bytes
    statuses: StatusLists
    address: str
    clock: Callable[[], int]
    random: Random
    sealing: Sealing

    def issue(self, request: IssueRequest, actor: Actor, key: str | None) -> Issued:
        """Issue a licence, see `issuing.issue`."""
        with self.writing() as work:
            tools = IssueTools(
                work.find_holder,
                self.find_signer,
                work.append,
                self.random,
                self.address,
                self.drawer.check,
            )
            return issue(work.store, request, actor, tools, self.clock(), key)

    def change_state(self, identifier: str, new: State, reason: str, actor: Actor) -> Changed:
        """Change a licence's state, see `issuing.change_state`."""
        with self.writing() as work:
            return change_state(
                work.store, identifier, new, reason, actor, work.append, self.clock()
            )

    def show(self, identifier: str, actor: Actor, matter: str | None) -> Shown:
        """Make a code, see `presenting.show`."""
        with self.writing() as work:
            return show(
                work.store, identifier, actor, matter, work.append, self.clock(), self.random
            )

    def used_at(self, identifier: str, actor: Actor, made_at: int) -> int | None:
        """When the code that the actor made at that second was used; None if it was not."""
        require_power(actor, "show")
        with self.reading() as store:
            find_own(store, identifier, actor)
            return store.used_at(identifier, made_at)

    def verify(self, request: VerifyRequest, actor: Actor) -> Verdict:
        """Verify, see `verifying.verify`; a refused use is recorded as well."""
        with self.writing() as work:
            tools = VerifyTools(work.append, work.find_issue, self.root, self.stamp_roots)
            return verify(work.store, request, actor, tools, self.clock())

    def keep_verdict(self, actor: Actor, verdict: Verdict, form: Mapping[str, str]) -> None:
        """Keep a verdict on the screen of its clerk for some minutes."""
        with self.writing() as work:
            Screen(work.store, self.sealing, self.clock()).keep(actor, verdict, form)

    def find_verdict(self, actor: Actor, record: str) -> Kept | None:
        """Find a verdict that is still on the actor's screen."""
        with self.reading() as store:
            return Screen(store, self.sealing, self.clock()).find(actor, record)

    def licences_of(
        self, actor: Actor, before: int | None = None, limit: int = LATEST
    ) -> Sequence[Licence]:
        """The actor's own licences, newest first; `before` is the last status index seen."""
        require_power(actor, "licences")
        with self.reading() as store:
            return store.licences_of_holder(actor.party_id, limit, before)

    def issued_by(self, actor: Actor) -> Sequence[Licence]:
        """The licences that the actor's department issued last."""
        require_power(actor, "issue")
        with self.reading() as store:
            return store.licences_of_issuer(actor.party_id, LATEST)

    def find(self, identifier: str, actor: Actor) -> Licence:
        """A licence, for its holder or the department that issued it.

        Raises:
            UnknownLicence: there is none, or the actor may not know of it.
        """
        with self.reading() as store:
            return find_open(store, identifier, actor)

    def download(self, identifier: str, purpose: str, actor: Actor) -> Downloaded:
        """Hand out a licence on paper, see `downloading`."""
        check_purpose(purpose)
        with self.reading() as store:
            licence = find_open(store, identifier, actor)
            paper = store.papers.find(identifier)
        if paper is None:  # outside of every transaction: it may ask another authority
            tools = PaperTools(self.drawer, self.find_signer, self.stamp or self._stamp)
            paper = make_paper(licence, tools, self.clock())
        with self.writing() as work:
            return hand_out(work.store, paper, purpose, actor, work.append)

    def time_stamp(self, request: bytes) -> bytes:
        """Answer a request for a time-stamp, see `stamps.authority`."""
        return answer(request, self.stamper, self._serial(), self.clock())

    def _stamp(self, data: bytes) -> bytes:
        return write(imprint_of(data), self.stamper, self._serial(), self.clock())

    def _serial(self) -> int:
        """Of 120 random bits: no two stamps ever have the same, and nothing has to be counted."""
        return int.from_bytes(self.random(15), "big")

    def offline_code(self, identifier: str, actor: Actor) -> str:
        """The offline code of a licence, for its holder or the department that issued it."""
        licence = self.find(identifier, actor)
        signer = self.find_signer(licence.issuer_code, licence.issuer_name)
        return offline.write(licence, type_of_code(licence.type_code), signer)

    def types_of(self, actor: Actor) -> Sequence[LicenceType]:
        """The types that the actor's department may issue now."""
        require_power(actor, "issue")
        with self.reading() as store:
            authorities = store.authorities_of(actor.party_id)
        now = self.clock()
        return [
            kind
            for kind in CATALOGUE.values()
            if kind.code in authorities and authorities[kind.code].covers(now)
        ]

    def status_list(self, number: int) -> str:
        """The signed status list of a number."""
        with self.reading() as store:
            return self.statuses.token(store, number, self.clock())
