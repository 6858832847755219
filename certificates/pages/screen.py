"""Verdicts still on a clerk's screen, so that a reload shows the same one and uses nothing up.

Kept in this process for a few minutes and never written anywhere: what a licence says belongs to
the screen alone. After that, or in another worker, the clerk is led to the record.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from certificates.recording import Actor
from certificates.verifying import Verdict

SECONDS = 300
MOST = 1000


@dataclass(frozen=True)
class Kept:
    """A verdict with what the clerk had typed, until when."""

    verdict: Verdict
    form: Mapping[str, str]
    until: int


class Screen:
    """The verdicts of all clerks, each seen by their own clerk only."""

    def __init__(self) -> None:
        """Begin with empty screens."""
        self._kept: OrderedDict[tuple[str, str, str], Kept] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, actor: Actor, verdict: Verdict, form: Mapping[str, str], now: int) -> None:
        """Keep a verdict that has a record, for `SECONDS` from `now` (Unix seconds)."""
        typed = {name: form.get(name, "") for name in ("matter", "purpose")}
        with self._lock:
            self._forget(now)
            self._kept[_place(actor, verdict.record or "")] = Kept(verdict, typed, now + SECONDS)

    def find(self, actor: Actor, record: str, now: int) -> Kept | None:
        """Find a verdict of this very clerk, acting for the same."""
        with self._lock:
            self._forget(now)
            return self._kept.get(_place(actor, record))

    def _forget(self, now: int) -> None:
        while self._kept:
            oldest = next(iter(self._kept))
            if len(self._kept) < MOST and now < self._kept[oldest].until:
                return
            del self._kept[oldest]


def _place(actor: Actor, record: str) -> tuple[str, str, str]:
    return actor.person_id or "", actor.party_id, record
