"""Anchoring: the latest checkpoint goes into the contract, whatever is interrupted.

The table `anchors` is the outbox. A signed transaction is committed there before it is sent, and
its block is written beside it once the chain has it. After a crash at any point the next round
finds the unfinished row and goes on with the same bytes, which the chain takes at most once.

    no row  ──plan──▶  row without block  ──send, receipt──▶  row with block
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ledger.anchors import Anchor, Contract
from ledger.chains.chain import Chain, Receipt, SignedTransaction
from ledger.chains.transactions import contract_address, read_transaction
from ledger.checkpoint import TreeHead
from ledger.errors import (
    ChainError,
    ChainUnreachable,
    LogForked,
    TransactionRefused,
    TransactionReplaced,
)
from ledger.log import Transactions, prove_consistency, root_at
from ledger.store import LedgerStore

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.2
REORGANISED = 64  # anchors that are looked at again when the chain took some back


@dataclass(frozen=True)
class Ledger:
    """Where checkpoints come from and go to.

    Attributes:
        reading: opens a transaction that only reads.
        writing: opens a transaction that writes, committed when its block ends.
        chain: holds the contract.
    """

    reading: Transactions
    writing: Transactions
    chain: Chain


def ensure_contract(ledger: Ledger, pause: Callable[[float], None] = time.sleep) -> str:
    """Return the address of our contract on the chain, after making it if need be.

    Args:
        ledger: where.
        pause: waits between two looks at the chain.

    Raises:
        ChainUnreachable: the chain did not include the contract in time; try again.
        ChainError: at the address is something else.
    """
    contract = _remembered(ledger) or _plan_contract(ledger)
    transaction = SignedTransaction(contract.tx_hash, contract.raw)
    try:
        ledger.chain.send(transaction)
    except TransactionReplaced:
        with ledger.writing() as store:
            store.drop_contract(contract.chain_id)
        return ensure_contract(ledger, pause)
    receipt = _await(ledger.chain, contract.tx_hash, pause)
    if not receipt.succeeded or not ledger.chain.has_contract(contract.address):
        raise ChainError(
            f"at {contract.address} on chain {contract.chain_id} is not our contract with"
            f" operator {ledger.chain.operator}"
        )
    return contract.address


def _remembered(ledger: Ledger) -> Contract | None:
    with ledger.reading() as store:
        return store.find_contract(ledger.chain.chain_id)


def _plan_contract(ledger: Ledger) -> Contract:
    signed = ledger.chain.sign_deployment()
    address = contract_address(read_transaction(signed.raw))
    contract = Contract(ledger.chain.chain_id, address, signed.tx_hash, signed.raw)
    with ledger.writing() as store:
        store.add_contract(contract)
    return contract


def _await(chain: Chain, tx_hash: bytes, pause: Callable[[float], None]) -> Receipt:
    for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
        receipt = chain.receipt(tx_hash)
        if receipt is not None:
            return receipt
        pause(POLL_SECONDS)
    raise ChainUnreachable(f"the chain did not include {tx_hash.hex()} in {PATIENCE_SECONDS:.0f} s")


def anchor_latest(ledger: Ledger, contract: str) -> Anchor | None:
    """Do one round of anchoring.

    Args:
        ledger: where.
        contract: address of our contract.

    Returns:
        The anchor that is now in a block, or None: nothing new, or the chain is not done yet.

    Raises:
        LogForked: the contract holds a head that our tree does not extend; nothing is sent.
        TransactionRefused: the chain reverted or refused the anchor; the next round plans anew.
        ChainUnreachable: nobody answered; the next round goes on.
    """
    with ledger.reading() as store:
        unfinished = store.find_unfinished_anchor(ledger.chain.chain_id)
    anchor = unfinished or _plan_anchor(ledger, contract)
    return None if anchor is None else _finish(ledger, anchor)


def _plan_anchor(ledger: Ledger, contract: str) -> Anchor | None:
    held = ledger.chain.head(contract)
    if lost := _taken_back(ledger, held):
        return lost
    with ledger.reading() as store:
        check_extends(store, held)
        newest = store.latest_checkpoint()
        if newest is None or newest.size == held.size:
            return None
        proof = prove_consistency(store, held.size, newest.size).path
    signed = ledger.chain.sign_anchor(contract, newest.head, proof)
    anchor = Anchor(ledger.chain.chain_id, newest.size, signed.tx_hash, signed.raw)
    with ledger.writing() as store:
        store.add_anchor(anchor)
    # The commit point of the plan: from here on these bytes are sent until they are in.
    return anchor


def check_log(ledger: Ledger, contract: str) -> None:
    """Check, before anything is signed, that this database is not behind the chain.

    Raises:
        LogForked: it is, or it holds another tree.
    """
    held = ledger.chain.head(contract)
    with ledger.reading() as store:
        check_extends(store, held)


def check_extends(store: LedgerStore, held: TreeHead) -> None:
    """Check that our tree extends the head that a contract holds.

    A database restored from an old backup fails here: nothing may be signed for it.

    Raises:
        LogForked: it does not.
    """
    newest = store.latest_checkpoint()
    size = newest.size if newest else 0
    if held.size > size:
        raise LogForked(f"the contract holds {held.size} records, this database only {size}")
    if held.size and root_at(store, held.size) != held.root:
        raise LogForked(f"the contract holds another tree of {held.size} records than this one")


def _taken_back(ledger: Ledger, held: TreeHead) -> Anchor | None:
    """Reopen anchors whose blocks the chain gave up, and return the first of them."""
    with ledger.reading() as store:
        recent = store.latest_anchors(ledger.chain.chain_id, REORGANISED)
    missing = [anchor for anchor in recent if anchor.size > held.size]
    lost = [anchor for anchor in missing if ledger.chain.receipt(anchor.tx_hash) is None]
    if missing and not lost:
        raise ChainError(
            f"the contract holds size {held.size}, but the chain included size {missing[0].size}"
        )
    with ledger.writing() as store:
        for anchor in lost:
            store.include_anchor(replace(anchor, block_number=None, block_hash=None))
    return lost[-1] if lost else None


def _finish(ledger: Ledger, anchor: Anchor) -> Anchor | None:
    """Send an anchor as often as it takes, and write down its block."""
    try:
        ledger.chain.send(SignedTransaction(anchor.tx_hash, anchor.raw))
    except TransactionReplaced:
        _drop(ledger, anchor)
        return None
    receipt = ledger.chain.receipt(anchor.tx_hash)
    if receipt is None:
        return None
    if not receipt.succeeded:
        _drop(ledger, anchor)
        raise TransactionRefused(f"the contract refused the anchor of size {anchor.size}")
    included = replace(anchor, block_number=receipt.block_number, block_hash=receipt.block_hash)
    with ledger.writing() as store:
        store.include_anchor(included)
    return included


def _drop(ledger: Ledger, anchor: Anchor) -> None:
    with ledger.writing() as store:
        store.drop_anchor(anchor)
