"""Verdicts still on a clerk's screen, so that a reload shows the same one and uses nothing up.

Kept for a few minutes where every worker finds them, sealed like all personal data at rest, under
a name that only the same clerk, acting for the same, can form again. After that the clerk is led
to the record.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from certificates.checks import NOT_APPLICABLE, judge
from certificates.contents import type_of_code
from certificates.recording import Actor
from certificates.store import CertificateStore
from certificates.verifying import LicenceView, Verdict

SECONDS = 300
TYPED = ("matter", "purpose")  # stays in the form; the code does not


class Sealing(Protocol):
    """Closes what must not be read in the database."""

    def seal(self, content: bytes, place: str) -> bytes:
        """Seal for one place."""

    def open(self, sealed: bytes, place: str) -> bytes | None:
        """Open what was sealed for that place; None if it was changed or is of another."""


@dataclass(frozen=True)
class Kept:
    """A verdict with what the clerk had typed."""

    verdict: Verdict
    form: Mapping[str, str]


@dataclass(frozen=True)
class Screen:
    """The verdicts of all clerks, each seen by their own clerk only."""

    store: CertificateStore
    sealing: Sealing
    now: int

    def keep(self, actor: Actor, verdict: Verdict, form: Mapping[str, str]) -> None:
        """Keep a verdict that has a record, for `SECONDS`."""
        self.store.verdicts.forget(self.now)
        place = _place(actor, verdict.record or "")
        typed = {name: form.get(name, "") for name in TYPED}
        sealed = self.sealing.seal(json.dumps([typed, _written(verdict)]).encode(), place.hex())
        self.store.verdicts.keep(place, sealed, self.now + SECONDS)

    def find(self, actor: Actor, record: str) -> Kept | None:
        """Find a verdict of this very clerk, acting for the same."""
        place = _place(actor, record)
        sealed = self.store.verdicts.find(place, self.now)
        content = self.sealing.open(sealed, place.hex()) if sealed else None
        if content is None:
            return None
        typed, written = json.loads(content)
        return Kept(_read(written, record), typed)


def _place(actor: Actor, record: str) -> bytes:
    return sha256(json.dumps([actor.person_id or "", actor.party_id, record]).encode()).digest()


def _written(verdict: Verdict) -> object:
    """Write a verdict; the words of its checks follow from what was found."""
    outcomes = [
        (each.code, NOT_APPLICABLE if each.result == NOT_APPLICABLE else each.reason or "")
        for each in verdict.checks
    ]
    known = verdict.licence
    licence = known and [known.identifier, known.kind.code, known.state, dict(known.fields)]
    return [verdict.passed, outcomes, licence]


def _read(written: Any, record: str) -> Verdict:
    passed, outcomes, licence = written
    view = None
    if licence:
        identifier, kind, state, fields = licence
        view = LicenceView(identifier, type_of_code(kind), state, fields)
    return Verdict(passed, [judge(*each) for each in outcomes], view, record)
