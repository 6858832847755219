"""What the ledger asks of a chain."""

from dataclasses import dataclass
from typing import Protocol

from ledger.checkpoint import TreeHead
from ledger.merkle import Hashes


@dataclass(frozen=True)
class SignedTransaction:
    """A transaction that any node accepts, as often as it is sent, once."""

    tx_hash: bytes
    raw: bytes


@dataclass(frozen=True)
class Receipt:
    """Where a transaction stands in the chain, and whether it did what it asked."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    succeeded: bool
    gas_used: int


class Chain(Protocol):
    """An EVM chain that holds a `CheckpointAnchor`.

    Signing and sending are two acts, so that what is sent can be written down before: after a
    crash the same bytes are sent again, and the chain takes them once.
    """

    @property
    def name(self) -> str:
        """Registry name of the back-end."""

    @property
    def independent(self) -> bool:
        """Whether others than the log's own operator keep this chain."""

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""

    @property
    def operator(self) -> str:
        """Checksummed address whose key signs here."""

    def sign_deployment(self) -> SignedTransaction:
        """Sign the making of a contract whose only operator is ours."""

    def sign_anchor(self, contract: str, head: TreeHead, proof: Hashes) -> SignedTransaction:
        """Sign the anchoring of a tree head."""

    def send(self, transaction: SignedTransaction) -> None:
        """Hand a transaction over; does nothing if the chain has it already.

        Raises:
            TransactionReplaced: it can never be included, another took its place.
            TransactionRefused: the node does not take it as things stand.
            ChainUnreachable: nobody answered.
        """

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """Find a transaction that was included."""

    def has_contract(self, contract: str) -> bool:
        """Whether this very contract, code and operator, is at the address."""

    def head(self, contract: str) -> TreeHead:
        """Read the head that a contract holds."""

    def block_time(self, number: int) -> int:
        """Unix time of a block."""

    def close(self) -> None:
        """Give back what is held open."""
