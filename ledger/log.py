"""The log: records come in with the acts they record, get their places, and are signed for.

    append    in the transaction of the act: the record has an id, no place yet
    sequence  a transaction of its own: places, tree nodes and a signed checkpoint, or none

A record whose transaction commits late is simply found by a later `sequence`: places are given to
what has none, never counted on from the last one seen.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

from ledger.checkpoint import Checkpoint, LogSigner, TreeHead, open_checkpoint, sign_checkpoint
from ledger.errors import LogForked, NotCanonical, NoteRejected, ProofRejected
from ledger.merkle import (
    EMPTY_ROOT,
    ConsistencyProof,
    InclusionProof,
    NodeId,
    Span,
    consistency_spans,
    grow,
    hashes_of,
    inclusion_spans,
    leaf_hash,
    needed,
    root_of,
    subtrees,
)
from ledger.records import (
    LICENCE,
    Act,
    PseudonymKey,
    Random,
    Record,
    check_openings,
    make_record,
    parse_entry,
    parse_openings,
)
from ledger.store import LedgerStore

BATCH = 1000
ISSUE = "issue"

Transactions = Callable[[], AbstractContextManager[LedgerStore]]


def append(store: LedgerStore, act: Act, key: PseudonymKey, at_ms: int, random: Random) -> str:
    """Record an act in the transaction of the act itself.

    Args:
        store: within the act's transaction.
        act: what was done.
        key: makes the pseudonyms.
        at_ms: when, Unix milliseconds.
        random: source of salts and ids.

    Returns:
        The record's id, good once the caller's transaction has committed.
    """
    record = make_record(act, key, at_ms, random)
    store.add_record(record)
    return record.record_id


def append_all(
    store: LedgerStore, acts: Iterable[Act], key: PseudonymKey, at_ms: int, random: Random
) -> list[str]:
    """Record several acts of one transaction, as `append` does one."""
    made = [make_record(act, key, at_ms, random) for act in acts]
    store.add_records(made)
    return [record.record_id for record in made]


def sequence(store: LedgerStore, signer: LogSigner, limit: int = BATCH) -> Checkpoint | None:
    """Give pending records their places and sign for the tree that they make.

    The commit of the caller's transaction is the commit point: places, nodes and checkpoint are
    there together or not at all. Nobody may see the checkpoint before.

    Args:
        store: within a writing transaction of its own.
        signer: the log's key.
        limit: how many records to place at most.

    Returns:
        The new checkpoint, or None if nothing was pending.

    Raises:
        LogForked: the stored tree is not the one that was signed last. Nothing is signed then.
    """
    store.lock_sequencing()
    waiting = store.pending(limit)
    if not waiting:
        return None
    last = check_signed(store, signer)
    frontier = _frontier(store, last)
    growth = grow(last.size, frontier, (leaf_hash(leaf) for _, leaf in waiting))
    head = TreeHead(growth.size, root_of([node for _, node in growth.frontier]))
    store.place([record_id for record_id, _ in waiting], last.size)
    store.add_nodes(growth.created)
    checkpoint = Checkpoint(head.size, last.size, head.root, sign_checkpoint(head, signer))
    store.add_checkpoint(checkpoint)
    return checkpoint


def check_signed(store: LedgerStore, signer: LogSigner) -> TreeHead:
    """Return the last head that was signed, after checking the signature.

    Raises:
        LogForked: the last checkpoint is not ours.
    """
    last = store.latest_checkpoint()
    if last is None:
        return TreeHead(0, EMPTY_ROOT)
    try:
        head = open_checkpoint(last.note, signer.key)
    except NoteRejected as error:
        raise LogForked(
            f"checkpoint {last.size} is not signed by this log's key: {error}"
        ) from None
    if head != last.head:
        raise LogForked(f"checkpoint {last.size} does not hold what was signed")
    return head


def _frontier(store: LedgerStore, head: TreeHead) -> Sequence[bytes]:
    """Return the right edge of the tree, which must lead to the root that was signed.

    What is appended to this edge extends that tree by construction: this check is what makes
    every signed checkpoint consistent with the one before.
    """
    places = subtrees(Span(0, head.size))
    nodes = store.nodes(places)
    if len(nodes) != len(places):
        raise LogForked(f"tree nodes of size {head.size} are missing")
    frontier = [nodes[place] for place in places]
    if root_of(frontier) != head.root:
        raise LogForked(f"the stored tree does not lead to the root signed for size {head.size}")
    return frontier


def root_at(store: LedgerStore, size: int) -> bytes:
    """Return the root that the tree had at a size."""
    places = subtrees(Span(0, size))
    nodes = store.nodes(places)
    if len(nodes) != len(places):
        raise LogForked(f"the stored tree does not reach size {size}")
    return root_of([nodes[place] for place in places])


def prove_inclusion(store: LedgerStore, leaf_index: int, size: int) -> InclusionProof:
    """Prove that a record is in the tree of a size (RFC 9162 section 2.1.3.1)."""
    spans = inclusion_spans(leaf_index, size)
    return InclusionProof(leaf_index, size, _hashes(store, spans))


def prove_consistency(store: LedgerStore, first: int, second: int) -> ConsistencyProof:
    """Prove that one size of the tree extends another (RFC 9162 section 2.1.4.1)."""
    spans = consistency_spans(first, second)
    return ConsistencyProof(first, second, _hashes(store, spans))


def _hashes(store: LedgerStore, spans: Sequence[Span]) -> Sequence[bytes]:
    places = needed(spans)
    nodes = store.nodes(places)
    if len(nodes) != len(set(places)):
        raise LogForked("tree nodes that a proof needs are missing")
    return hashes_of(spans, nodes)


def find_issue(store: LedgerStore, record_id: str, licence: str) -> bool:
    """Say whether a record issues a licence, and is still what went into the tree."""
    record = store.find_record(record_id)
    if record is None or not _issues(record, licence):
        return False
    if record.leaf_index is None:
        return True  # recorded a moment ago, it gets its place within the second
    place = NodeId(0, record.leaf_index)
    return store.nodes([place]).get(place) == leaf_hash(record.leaf)


def _issues(record: Record, licence: str) -> bool:
    try:
        entry, openings = parse_entry(record.leaf), parse_openings(record.openings)
        check_openings(entry, openings)
    except (NotCanonical, ProofRejected):
        return False
    opened = openings.get(LICENCE)
    return entry.kind == ISSUE and opened is not None and opened.value == licence
