"""Contracts and anchors as the ledger remembers them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contract:
    """The contract that holds our heads on one chain, with the transaction that made it."""

    chain_id: int
    address: str
    tx_hash: bytes
    raw: bytes


@dataclass(frozen=True)
class Anchor:
    """A checkpoint on its way into a contract, or in it.

    The signed transaction is written down before it is sent; the block is known once it is in.
    """

    chain_id: int
    size: int
    tx_hash: bytes
    raw: bytes
    block_number: int | None = None
    block_hash: bytes | None = None

    @property
    def included(self) -> bool:
        """Whether the transaction is in a block."""
        return self.block_number is not None
