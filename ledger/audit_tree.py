"""Audit of records, tree nodes and checkpoints: one walk from the first leaf to the last."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from ledger.checkpoint import Checkpoint, LogKey, open_checkpoint
from ledger.errors import LedgerError, LogForked, NotCanonical, NoteRejected, ProofRejected
from ledger.findings import Bad, Counts
from ledger.log import prove_inclusion
from ledger.merkle import Growth, NodeId, grow, leaf_hash, root_of, verify_inclusion
from ledger.records import (
    Entry,
    Openings,
    Record,
    check_openings,
    parse_entry,
    parse_openings,
)
from ledger.store import LedgerStore

BATCH = 1000

Watch = Callable[[Record, Entry, Openings], None]


def audit_tree(store: LedgerStore, key: LogKey, counts: Counts, watch: Watch) -> None:
    """Recompute the tree from the records and compare it with nodes and checkpoints.

    Args:
        store: a snapshot.
        key: the log's pinned key.
        counts: told how much was checked.
        watch: shown each record that is good in itself.

    Raises:
        Bad: the first bad row.
    """
    records = store.all_records()
    growth = grow(0, [], [])
    for checkpoint in store.all_checkpoints():
        _check_note(checkpoint, growth.size, key)
        while growth.size < checkpoint.size:
            batch = list(islice(records, min(BATCH, checkpoint.size - growth.size)))
            growth = _grow(store, growth, batch, checkpoint, watch)
        _check_root(checkpoint, growth)
        counts.checkpoints += 1
    counts.records = growth.size
    _check_rest(records, counts, watch)
    _check_node_count(store, counts)


def _check_note(checkpoint: Checkpoint, previous: int, key: LogKey) -> None:
    try:
        head = open_checkpoint(checkpoint.note, key)
    except NoteRejected as error:
        raise Bad("checkpoints", checkpoint.size, error) from None
    if head != checkpoint.head:
        raise Bad("checkpoints", checkpoint.size, "size or root is not what the note signs")
    if checkpoint.previous_size != previous:
        reason = f"names {checkpoint.previous_size} as the size before, it is {previous}"
        raise Bad("checkpoints", checkpoint.size, reason)


def _grow(
    store: LedgerStore, growth: Growth, batch: Sequence[Record], until: Checkpoint, watch: Watch
) -> Growth:
    if not batch:
        raise _misplaced(store, growth.size)
    for index, record in enumerate(batch, growth.size):
        if record.leaf_index != index:
            raise _misplaced(store, index)
        watch(record, *_check_record(record))
    hashes = [leaf_hash(record.leaf) for record in batch]
    grown = grow(growth.size, [node for _, node in growth.frontier], hashes)
    _check_nodes(store, grown, batch, until)
    return grown


def _misplaced(store: LedgerStore, index: int) -> Bad:
    """Find out which record should stand where none stands."""
    place = NodeId(0, index)
    expected = store.nodes([place]).get(place)
    for record in store.all_records():
        if leaf_hash(record.leaf) == expected:
            return Bad("records", record.record_id, f"is leaf {index}, not {record.leaf_index}")
    return Bad("records", f"leaf {index}", "is missing")


def _check_record(record: Record) -> tuple[Entry, Openings]:
    """Check what a record says of itself: leaf, columns and openings."""
    try:
        entry, openings = parse_entry(record.leaf), parse_openings(record.openings)
        check_openings(entry, openings)
    except (NotCanonical, ProofRejected) as error:
        raise Bad("records", record.record_id, error) from None
    if entry.record_id != record.record_id:
        raise Bad("records", record.record_id, f"its leaf is that of {entry.record_id}")
    if entry.pseudonyms != record.pseudonyms:
        raise Bad("records", record.record_id, "its pseudonyms are not those of its leaf")
    if set(openings) != set(entry.commitments):
        raise Bad("records", record.record_id, "an opening is missing")
    return entry, openings


def _check_nodes(
    store: LedgerStore, grown: Growth, batch: Sequence[Record], until: Checkpoint
) -> None:
    stored = store.nodes([place for place, _ in grown.created])
    for place, node in grown.created:
        if stored.get(place) == node:
            continue
        row = f"level {place.level} position {place.position}"
        if place not in stored:
            raise Bad("tree_nodes", row, "is missing")
        if place.level == 0 and _is_signed(store, place, stored[place], until):
            record = batch[place.position - (grown.size - len(batch))]
            raise Bad("records", record.record_id, "its leaf is not the one in the signed tree")
        raise Bad("tree_nodes", row, "is not the hash of what is below it")


def _is_signed(store: LedgerStore, place: NodeId, node: bytes, checkpoint: Checkpoint) -> bool:
    """Whether a stored leaf hash leads to the signed root: then not it was changed."""
    try:
        proof = prove_inclusion(store, place.position, checkpoint.size)
        verify_inclusion(node, proof, checkpoint.root)
    except (ProofRejected, LogForked):
        return False
    return True


def _check_root(checkpoint: Checkpoint, growth: Growth) -> None:
    if growth.size != checkpoint.size:
        raise Bad("checkpoints", checkpoint.size, "is not larger than the one before")
    if root_of([node for _, node in growth.frontier]) != checkpoint.root:
        raise Bad("checkpoints", checkpoint.size, "its root is not that of the records")


def _check_rest(records: Iterator[Record], counts: Counts, watch: Watch) -> None:
    """Check the records that no checkpoint covers: they have no place yet."""
    for record in records:
        if record.leaf_index is not None:
            raise Bad("records", record.record_id, "has a place that no checkpoint covers")
        watch(record, *_check_record(record))
        counts.pending += 1


def _check_node_count(store: LedgerStore, counts: Counts) -> None:
    """Check that there are no more nodes than the tree has: 2 n - (ones in n)."""
    size = counts.records
    counts.tree_nodes = 2 * size - size.bit_count()
    if store.count_nodes() == counts.tree_nodes:
        return
    for (level, position), _ in store.all_nodes():
        if not (level >= 0 and 0 <= position < size >> level):
            raise Bad("tree_nodes", f"level {level} position {position}", "is not in the tree")
    raise LedgerError("the number of tree nodes changed while they were counted")
