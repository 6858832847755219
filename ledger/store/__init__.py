"""The ledger's rows, as objects of the ledger. The caller owns the transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, text, tuple_, update

from ledger.anchors import Anchor, Contract
from ledger.checkpoint import Checkpoint
from ledger.merkle import NodeId
from ledger.records import ROLES, Record
from ledger.store.cosignatures import CosignatureStore
from ledger.store.streaming import stream
from ledger.store.tables import anchors, checkpoints, contracts, metadata, records, tree_nodes

__all__ = ["LedgerStore", "metadata"]

SEQUENCER_LOCK = 0x6861696865  # any number that nothing else in the database locks on


class LedgerStore:
    """Reads and writes the ledger within one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection
        self.cosignatures = CosignatureStore(connection)

    # Records

    def add_record(self, record: Record) -> None:
        """Store a record that has no place in the tree yet."""
        self._connection.execute(records.insert(), _record_row(record))

    def add_records(self, many: Iterable[Record]) -> None:
        """Store several records that have no place in the tree yet."""
        rows = [_record_row(record) for record in many]
        if rows:
            self._connection.execute(records.insert(), rows)

    def lock_sequencing(self) -> None:
        """Keep every other sequencer out until the transaction ends.

        On SQLite the writing transaction does that already.
        """
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text(f"SELECT pg_advisory_xact_lock({SEQUENCER_LOCK})"))

    def pending(self, limit: int) -> list[tuple[str, bytes]]:
        """Return ids and leaves of committed records without a place, oldest first."""
        found = (
            select(records.c.record_id, records.c.leaf)
            .where(records.c.leaf_index.is_(None))
            .order_by(records.c.record_id)
            .limit(limit)
        )
        return [(row.record_id, row.leaf) for row in self._connection.execute(found)]

    def place(self, record_ids: Sequence[str], first_index: int) -> None:
        """Give records their places in the tree, one after another."""
        placed = (
            update(records)
            .where(records.c.record_id == bindparam("id"), records.c.leaf_index.is_(None))
            .values(leaf_index=bindparam("index"))
        )
        rows = [{"id": one, "index": first_index + i} for i, one in enumerate(record_ids)]
        self._connection.execute(placed, rows)

    def find_record(self, record_id: str) -> Record | None:
        """Find a record by its id."""
        return self._one_record(select(records).where(records.c.record_id == record_id))

    def find_record_at(self, leaf_index: int) -> Record | None:
        """Find a record by its place in the tree."""
        return self._one_record(select(records).where(records.c.leaf_index == leaf_index))

    def records_of(
        self,
        role: str,
        pseudonym: str,
        limit: int,
        before: str | None = None,
        person: str | None = None,
    ) -> list[Record]:
        """Return the latest records in which somebody has a role.

        Args:
            role: `subject`, `party` or `licence`.
            pseudonym: theirs in that role.
            limit: how many at most.
            before: only records with an id below this one, to page on.
            person: only what the person of this pseudonym did.
        """
        query = select(records).where(records.c[role] == pseudonym)
        if person is not None:
            query = query.where(records.c.person == person)
        return self._latest(query, limit, before)

    def latest_records(self, limit: int, before: str | None = None) -> list[Record]:
        """Return the latest records of all."""
        return self._latest(select(records), limit, before)

    def _latest(self, query: Select[Any], limit: int, before: str | None) -> list[Record]:
        if before is not None:
            query = query.where(records.c.record_id < before)
        return self._records(query.order_by(records.c.record_id.desc()).limit(limit))

    def all_records(self) -> Iterator[Record]:
        """Walk through all records: by place, then those without one."""
        order = (records.c.leaf_index.is_(None), records.c.leaf_index, records.c.record_id)
        for row in self._stream(select(records).order_by(*order)):
            yield _record(row)

    def _one_record(self, query: Select[Any]) -> Record | None:
        found = self._records(query)
        return found[0] if found else None

    def _records(self, query: Select[Any]) -> list[Record]:
        return [_record(row) for row in self._connection.execute(query)]

    # Tree

    def add_nodes(self, nodes: Iterable[tuple[NodeId, bytes]]) -> None:
        """Store complete subtrees."""
        rows = [{"level": i.level, "position": i.position, "hash": one} for i, one in nodes]
        self._connection.execute(tree_nodes.insert(), rows)

    def nodes(self, wanted: Sequence[NodeId]) -> Mapping[NodeId, bytes]:
        """Return the hashes of complete subtrees, in one statement."""
        if not wanted:
            return {}
        place = tuple_(tree_nodes.c.level, tree_nodes.c.position)
        found = self._connection.execute(select(tree_nodes).where(place.in_(list(wanted))))
        return {NodeId(row.level, row.position): row.hash for row in found}

    def node_row(self, level: int, first: int, count: int) -> list[bytes]:
        """Return hashes of neighbouring complete subtrees of one level, as far as they go."""
        query = (
            select(tree_nodes.c.hash)
            .where(tree_nodes.c.level == level, tree_nodes.c.position >= first)
            .order_by(tree_nodes.c.position)
            .limit(count)
        )
        return list(self._connection.scalars(query))

    def leaves(self, first: int, count: int) -> list[bytes]:
        """Return neighbouring leaves that have their places, as far as they go."""
        query = (
            select(records.c.leaf)
            .where(records.c.leaf_index >= first)
            .order_by(records.c.leaf_index)
            .limit(count)
        )
        return list(self._connection.scalars(query))

    def all_nodes(self) -> Iterator[tuple[NodeId, bytes]]:
        """Walk through all complete subtrees, level by level."""
        order = (tree_nodes.c.level, tree_nodes.c.position)
        for row in self._stream(select(tree_nodes).order_by(*order)):
            yield NodeId(row.level, row.position), row.hash

    # Checkpoints

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Store a signed checkpoint."""
        self._connection.execute(checkpoints.insert(), vars(checkpoint))

    def latest_checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint of the largest tree."""
        found = self.latest_checkpoints(1)
        return found[0] if found else None

    def latest_checkpoints(self, limit: int) -> list[Checkpoint]:
        """Return the latest checkpoints."""
        query = select(checkpoints).order_by(checkpoints.c.size.desc()).limit(limit)
        return [_checkpoint(row) for row in self._connection.execute(query)]

    def find_checkpoint(self, size: int) -> Checkpoint | None:
        """Find the checkpoint of a size."""
        row = self._connection.execute(
            select(checkpoints).where(checkpoints.c.size == size)
        ).one_or_none()
        return None if row is None else _checkpoint(row)

    def all_checkpoints(self) -> Iterator[Checkpoint]:
        """Walk through all checkpoints, smallest first."""
        for row in self._stream(select(checkpoints).order_by(checkpoints.c.size)):
            yield _checkpoint(row)

    # Contracts and anchors

    def add_contract(self, contract: Contract) -> None:
        """Remember a contract before it is made."""
        self._connection.execute(contracts.insert(), vars(contract))

    def drop_contract(self, chain_id: int) -> None:
        """Forget a contract whose making was never included."""
        self._connection.execute(contracts.delete().where(contracts.c.chain_id == chain_id))

    def find_contract(self, chain_id: int) -> Contract | None:
        """Find our contract on a chain."""
        return next((one for one in self.all_contracts() if one.chain_id == chain_id), None)

    def all_contracts(self) -> list[Contract]:
        """Return all contracts, one per chain."""
        found = self._stream(select(contracts).order_by(contracts.c.chain_id))
        return [Contract(**row._mapping) for row in found]

    def add_anchor(self, anchor: Anchor) -> None:
        """Remember an anchor before it is sent."""
        self._connection.execute(anchors.insert(), vars(anchor))

    def include_anchor(self, anchor: Anchor) -> None:
        """Write down in which block an anchor is."""
        self._connection.execute(
            update(anchors)
            .where(anchors.c.chain_id == anchor.chain_id, anchors.c.size == anchor.size)
            .values(block_number=anchor.block_number, block_hash=anchor.block_hash)
        )

    def drop_anchor(self, anchor: Anchor) -> None:
        """Forget an anchor that was never included."""
        self._connection.execute(
            anchors.delete().where(
                anchors.c.chain_id == anchor.chain_id, anchors.c.size == anchor.size
            )
        )

    def latest_anchors(self, chain_id: int, limit: int) -> list[Anchor]:
        """Return the latest anchors on a chain, the unfinished one first."""
        query = select(anchors).where(anchors.c.chain_id == chain_id)
        return self._anchors(query.order_by(anchors.c.size.desc()).limit(limit))

    def find_anchor(self, chain_id: int, size: int) -> Anchor | None:
        """Find the anchor of a checkpoint."""
        query = select(anchors).where(anchors.c.chain_id == chain_id, anchors.c.size == size)
        found = self._anchors(query)
        return found[0] if found else None

    def find_unfinished_anchor(self, chain_id: int) -> Anchor | None:
        """Find the smallest anchor that is not in a block yet."""
        query = select(anchors).where(
            anchors.c.chain_id == chain_id, anchors.c.block_number.is_(None)
        )
        found = self._anchors(query.order_by(anchors.c.size).limit(1))
        return found[0] if found else None

    def find_anchor_over(self, chain_id: int, leaf_index: int) -> Anchor | None:
        """Find the first included anchor whose tree holds a leaf."""
        query = select(anchors).where(
            anchors.c.chain_id == chain_id,
            anchors.c.size > leaf_index,
            anchors.c.block_number.is_not(None),
        )
        found = self._anchors(query.order_by(anchors.c.size).limit(1))
        return found[0] if found else None

    def anchored_size(self, chain_id: int) -> int:
        """Return the size of the last tree that is in a block; 0 if none is."""
        size = select(func.max(anchors.c.size)).where(
            anchors.c.chain_id == chain_id, anchors.c.block_number.is_not(None)
        )
        return self._connection.execute(size).scalar_one() or 0

    def all_anchors(self) -> Iterator[Anchor]:
        """Walk through all anchors, chain by chain, smallest first."""
        for row in self._stream(select(anchors).order_by(anchors.c.chain_id, anchors.c.size)):
            yield Anchor(**row._mapping)

    def _anchors(self, query: Select[Any]) -> list[Anchor]:
        return [Anchor(**row) for row in self._connection.execute(query).mappings()]

    # All

    def count_records(self) -> int:
        """Count all records."""
        return self._connection.execute(select(func.count()).select_from(records)).scalar_one()

    def count_nodes(self) -> int:
        """Count all complete subtrees."""
        return self._connection.execute(select(func.count()).select_from(tree_nodes)).scalar_one()

    def _stream(self, query: Select[Any]) -> Iterator[Any]:
        return stream(self._connection, query)


def _record_row(record: Record) -> dict[str, Any]:
    return {
        "record_id": record.record_id,
        "leaf_index": record.leaf_index,
        "leaf": record.leaf,
        "openings": record.openings,
        **record.pseudonyms,
    }


def _record(row: Any) -> Record:
    pseudonyms = {role: getattr(row, role) for role in ROLES}
    return Record(row.record_id, pseudonyms, row.leaf, row.openings, row.leaf_index)


def _checkpoint(row: Any) -> Checkpoint:
    return Checkpoint(row.size, row.previous_size, row.root, row.note)
