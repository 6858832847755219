"""The seals under which certificates keep verdicts, lent by identity."""

from dataclasses import dataclass

from identity.errors import SealBroken
from identity.seals import Seals

LABEL = "verdict"


@dataclass(frozen=True)
class VerdictSeals:
    """Seals each verdict for its own place."""

    seals: Seals

    def seal(self, content: bytes, place: str) -> bytes:
        """Seal for one place."""
        return self.seals.seal(content, LABEL, place)

    def open(self, sealed: bytes, place: str) -> bytes | None:
        """Open what was sealed for that place; None if it was not."""
        try:
            return self.seals.open(sealed, LABEL, place)
        except SealBroken:
            return None
