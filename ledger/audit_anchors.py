"""Audit of contracts and anchors, by themselves and against the chain."""

from dataclasses import dataclass, field
from itertools import groupby

from ledger.anchors import Anchor, Contract
from ledger.chains.artefact import BYTECODE
from ledger.chains.chain import Chain
from ledger.chains.transactions import AnchorCall, contract_address, read_anchor, read_transaction
from ledger.checkpoint import TreeHead
from ledger.errors import ProofRejected, TransactionRefused
from ledger.findings import Bad, Counts
from ledger.merkle import EMPTY_ROOT, ConsistencyProof, verify_consistency
from ledger.store import LedgerStore

NOTHING = TreeHead(0, EMPTY_ROOT)


def audit_contracts(store: LedgerStore, chain: Chain, counts: Counts) -> dict[int, Contract]:
    """Check the contracts, return them by chain.

    Raises:
        Bad: the first bad row.
    """
    found = {}
    for contract in store.all_contracts():
        _check_contract(contract, chain)
        found[contract.chain_id] = contract
        counts.contracts += 1
    return found


def _check_contract(contract: Contract, chain: Chain) -> None:
    try:
        sent = read_transaction(contract.raw)
    except TransactionRefused as error:
        raise Bad("contracts", contract.chain_id, error) from None
    said = (contract.chain_id, contract.tx_hash, contract.address, True)
    made = sent.to is None and sent.data.hex().startswith(BYTECODE[2:])
    if said != (sent.chain_id, sent.tx_hash, contract_address(sent), made):
        raise Bad("contracts", contract.chain_id, "is not what its transaction made")
    if contract.chain_id != chain.chain_id:
        return
    receipt = chain.receipt(contract.tx_hash)
    if sent.sender != chain.operator:
        raise Bad("contracts", contract.chain_id, f"made by {sent.sender}, not by our operator")
    if (receipt is not None) != chain.has_contract(contract.address):
        raise Bad("contracts", contract.chain_id, "transaction and contract are not both there")


@dataclass
class Anchored:
    """What the rows say the contract of this chain was given.

    Attributes:
        heads: heads by size, of all anchors.
        included: size of the last one in a block.
    """

    heads: dict[int, TreeHead] = field(default_factory=lambda: {0: NOTHING})
    included: int = 0


def audit_anchors(
    store: LedgerStore, chain: Chain, contracts: dict[int, Contract], counts: Counts
) -> Anchored:
    """Check the anchors, chain by chain; those on other chains than `chain` by themselves only.

    Raises:
        Bad: the first bad row.
    """
    anchored = Anchored()
    for chain_id, anchors in groupby(store.all_anchors(), lambda anchor: anchor.chain_id):
        held, unfinished = NOTHING, None
        for anchor in anchors:
            call = _check_call(anchor, contracts)
            _check_extension(store, held, anchor, call)
            _check_order(unfinished, anchor)
            if chain_id == chain.chain_id:
                _check_block(anchor, chain)
                _note(anchored, anchor, call.head)
            counts.anchors += anchor.included
            counts.unfinished_anchors += not anchor.included
            held, unfinished = call.head, None if anchor.included else anchor
    return anchored


def _note(anchored: Anchored, anchor: Anchor, head: TreeHead) -> None:
    anchored.heads[anchor.size] = head
    if anchor.included:
        anchored.included = anchor.size


def _name(anchor: Anchor) -> str:
    return f"chain {anchor.chain_id} size {anchor.size}"


def _check_call(anchor: Anchor, contracts: dict[int, Contract]) -> AnchorCall:
    try:
        call = read_anchor(anchor.raw)
    except TransactionRefused as error:
        raise Bad("anchors", _name(anchor), error) from None
    contract = contracts.get(anchor.chain_id)
    if contract is None:
        raise Bad("anchors", _name(anchor), "there is no contract on this chain")
    operator = read_transaction(contract.raw).sender
    said = (anchor.chain_id, anchor.size, anchor.tx_hash, contract.address, operator)
    if said != (call.chain_id, call.head.size, call.tx_hash, call.contract, call.operator):
        raise Bad("anchors", _name(anchor), "is not what its transaction says")
    return call


def _check_extension(store: LedgerStore, held: TreeHead, anchor: Anchor, call: AnchorCall) -> None:
    checkpoint = store.find_checkpoint(anchor.size)
    if checkpoint is None or checkpoint.head != call.head:
        raise Bad("anchors", _name(anchor), "anchors a tree head that no checkpoint has")
    proof = ConsistencyProof(held.size, call.head.size, call.proof)
    try:
        verify_consistency(proof, held.root, call.head.root)
    except ProofRejected as error:
        reason = f"does not extend the anchor before it, of size {held.size}: {error}"
        raise Bad("anchors", _name(anchor), reason) from None


def _check_order(unfinished: Anchor | None, anchor: Anchor) -> None:
    if unfinished is not None and anchor.included:
        raise Bad("anchors", _name(unfinished), "has no block, but a later anchor has")


def _check_block(anchor: Anchor, chain: Chain) -> None:
    if not anchor.included:
        if anchor.block_hash is not None:
            raise Bad("anchors", _name(anchor), "has a block hash but no block number")
        return
    receipt = chain.receipt(anchor.tx_hash)
    if receipt is None or not receipt.succeeded:
        raise Bad("anchors", _name(anchor), "its transaction is not on the chain")
    if (anchor.block_number, anchor.block_hash) != (receipt.block_number, receipt.block_hash):
        raise Bad(
            "anchors", _name(anchor), f"is in block {receipt.block_number}, not where it says"
        )


def audit_held(held: TreeHead, anchored: Anchored, now: TreeHead) -> None:
    """Check the contract's state against the anchors.

    Args:
        held: what the contract held before the rows were read; its row must be there.
        anchored: what the rows say.
        now: what the contract holds after the rows were read; it never shrinks.

    Raises:
        Bad: the contract holds something else than the anchors say.
    """
    if held.size and anchored.heads.get(held.size) != held:
        raise Bad("anchors", f"size {held.size}", "the contract holds a head that no anchor has")
    if now.size < anchored.included:
        reason = f"the contract holds only size {now.size}"
        raise Bad("anchors", f"size {anchored.included}", reason)
