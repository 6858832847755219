"""What all pages of the ledger are given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request, Response

from ledger.access import Actor
from ledger.checkpoint import LogSigner
from ledger.log import Transactions
from ledger.records import PseudonymKey
from ledger.trust import Trust


class Frame(Protocol):
    """Draws a page in the service's frame."""

    def render(
        self, request: Request, template: str, context: Mapping[str, object], status: int = 200
    ) -> Response:
        """Answer with a page."""


@dataclass(frozen=True)
class Desk:
    """What all pages of the ledger are given.

    Attributes:
        frame: draws pages.
        reading: opens a transaction that reads.
        key: pseudonyms, to find who may see what.
        signer: the log's key, to sign evidence and to check checkpoints.
        trust: names chain and contract.
        signed_in: gives who is signed in, or leads to the sign-in page.
    """

    frame: Frame
    reading: Transactions
    key: PseudonymKey
    signer: LogSigner
    trust: Callable[[], Trust]
    signed_in: Callable[[Request], Actor]
