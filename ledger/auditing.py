"""The audit: everything is recomputed from the rows up to the contract's state.

What binds each column, so that no change of a single byte stays unseen:

    records      openings to commitments in the leaf; record_id and pseudonyms to the leaf; the
                 leaf to its tree node; leaf_index to the gapless order
    tree_nodes   each hash to the leaves below it; the number of rows to the size of the tree
    checkpoints  size and root to the signed note and the recomputed tree; previous_size to the row
                 before
    cosigners    the name to the key's id; last_size to the last cosignature by this key
    cosignatures the line to the checkpoint and the key; previous_size to the row before
    contracts    address, chain and hash to the signed transaction; the transaction to our operator
                 and to the code on the chain
    anchors      size, chain and hash to the signed transaction; its head to the checkpoint; its
                 proof to the anchor before; the block to the chain's receipt
    contract     the head it holds to the last anchor
    licences     digest and state to the records of issue and of status
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ledger.anchors import Contract
from ledger.audit_anchors import NOTHING, audit_anchors, audit_contracts, audit_held
from ledger.audit_cosignatures import audit_cosignatures
from ledger.audit_licences import Exhibit, Licences
from ledger.audit_tree import audit_tree
from ledger.chains.chain import Chain
from ledger.checkpoint import LogKey, TreeHead
from ledger.errors import ChainDamaged, RowUnreadable
from ledger.findings import Bad, Counts, Finding
from ledger.store import LedgerStore

__all__ = ["Counts", "Exhibit", "Finding", "Report", "Snapshot", "audit"]


@dataclass(frozen=True)
class Snapshot:
    """One state of the database: all of it is read within one transaction."""

    store: LedgerStore
    exhibits: Iterable[Exhibit]


@dataclass(frozen=True)
class Report:
    """What an audit found: nothing wrong, or the first bad record."""

    counts: Counts
    finding: Finding | None

    @property
    def clean(self) -> bool:
        """Whether everything is as it was signed."""
        return self.finding is None


def audit(
    snapshot: Callable[[], AbstractContextManager[Snapshot]], key: LogKey, chain: Chain
) -> Report:
    """Recompute everything and stop at the first bad record.

    The service may go on meanwhile: the contract is read before and after the snapshot, and
    between those two readings it only grows.

    Args:
        snapshot: opens one state of the database, twice.
        key: the log's pinned key.
        chain: holds the contract.

    Raises:
        ChainUnreachable: the chain does not answer, so nothing can be said.
    """
    counts = Counts()
    try:
        _audit(snapshot, key, chain, counts)
    except Bad as bad:
        return Report(counts, bad.finding)
    except RowUnreadable as error:
        return Report(counts, Finding(error.table, f"row {error.number}", str(error)))
    except ChainDamaged as error:
        return Report(counts, Finding("chain", f"{chain.chain_id}", str(error)))
    return Report(counts, None)


def _audit(
    snapshot: Callable[[], AbstractContextManager[Snapshot]],
    key: LogKey,
    chain: Chain,
    counts: Counts,
) -> None:
    with snapshot() as early:
        # Only an address that its transaction confirms is asked for on the chain.
        address = _contract_address(audit_contracts(early.store, chain, Counts()), chain)
    held = _held(chain, address)
    licences = Licences()
    with snapshot() as now:
        audit_tree(now.store, key, counts, licences.watch)
        audit_cosignatures(now.store, counts)
        contracts = audit_contracts(now.store, chain, counts)
        anchored = audit_anchors(now.store, chain, contracts, counts)
        licences.compare(now.exhibits, counts)
    audit_held(held, anchored, _held(chain, address))


def _contract_address(contracts: Mapping[int, Contract], chain: Chain) -> str | None:
    contract = contracts.get(chain.chain_id)
    return None if contract is None else contract.address


def _held(chain: Chain, address: str | None) -> TreeHead:
    """Return what the contract holds; a contract that is not made yet holds nothing."""
    if address is None or not chain.has_contract(address):
        return NOTHING
    return chain.head(address)
