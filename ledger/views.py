"""Records as they are read: with their place, their proof and their anchor."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.access import Actor, check_may_see
from ledger.anchors import Anchor
from ledger.canonical import Json, parse_object
from ledger.chains.transactions import read_anchor
from ledger.checkpoint import Checkpoint
from ledger.errors import CheckpointUnknown, ProofRejected, RecordUnknown
from ledger.log import prove_inclusion
from ledger.merkle import InclusionProof, InclusionStep, inclusion_steps, leaf_hash
from ledger.records import LICENCE, Entry, PseudonymKey, Record, parse_entry, parse_openings
from ledger.store import LedgerStore

PENDING, SEQUENCED, ANCHORED = "pending", "sequenced", "anchored"
PAGE = 50


@dataclass(frozen=True)
class Line:
    """A record in a list."""

    record_id: str
    kind: str
    at_ms: int
    state: str
    leaf_index: int | None
    fields: Mapping[str, str]

    def to_json(self) -> Mapping[str, Json]:
        """Write it as a JSON object."""
        return {
            "record": self.record_id,
            "kind": self.kind,
            "at_ms": self.at_ms,
            "state": self.state,
            "leaf_index": self.leaf_index,
            "fields": self.fields,
        }


@dataclass(frozen=True)
class Proof:
    """The way from a record to the root of a signed checkpoint, walked again just now."""

    checkpoint: Checkpoint
    leaf: bytes
    steps: tuple[InclusionStep, ...]
    holds: bool


@dataclass(frozen=True)
class Detail:
    """One record with all that proves it."""

    record: Record
    entry: Entry
    fields: Mapping[str, str]
    anchor: Anchor | None
    proof: Proof | None

    @property
    def state(self) -> str:
        """How far the record has come."""
        return state_of(self.record.leaf_index, self.anchor.size if self.anchor else 0)

    def to_json(self) -> Mapping[str, Json]:
        """Write it as a JSON object."""
        return {
            "record": self.record.record_id,
            "kind": self.entry.kind,
            "at_ms": self.entry.at_ms,
            "state": self.state,
            "leaf_index": self.record.leaf_index,
            "tree_size": self.proof.checkpoint.size if self.proof else None,
            "anchor": describe_anchor(self.anchor) if self.anchor else None,
            "entry": self.entry.to_json(),
            "openings": parse_object(self.record.openings),
        }


def describe_anchor(anchor: Anchor) -> Mapping[str, Json]:
    """Write an anchor as a JSON object."""
    return {
        "size": anchor.size,
        "tx_hash": "0x" + anchor.tx_hash.hex(),
        "block_number": anchor.block_number,
        "chain_id": anchor.chain_id,
        "contract": read_anchor(anchor.raw).contract,
    }


def state_of(leaf_index: int | None, anchored: int) -> str:
    """Name how far a record has come, given the size that is anchored."""
    if leaf_index is None:
        return PENDING
    return ANCHORED if leaf_index < anchored else SEQUENCED


def list_lines(store: LedgerStore, chain_id: int, found: Iterable[Record]) -> list[Line]:
    """Turn records into lines of a list."""
    anchored = store.anchored_size(chain_id)
    return [_line(record, anchored) for record in found]


def _line(record: Record, anchored: int) -> Line:
    entry = parse_entry(record.leaf)
    state = state_of(record.leaf_index, anchored)
    fields = _values(record)
    return Line(record.record_id, entry.kind, entry.at_ms, state, record.leaf_index, fields)


def _values(record: Record) -> Mapping[str, str]:
    return {name: opening.value for name, opening in parse_openings(record.openings).items()}


def show_record(
    store: LedgerStore, chain_id: int, record_id: str, actor: Actor, key: PseudonymKey
) -> Detail:
    """Return a record that the actor may see, with its proof.

    Raises:
        RecordUnknown: there is none that they may see.
    """
    record = store.find_record(record_id)
    if record is None:
        raise RecordUnknown("no record has this id")
    check_may_see(record, actor, key)
    place = record.leaf_index
    anchor = None if place is None else store.find_anchor_over(chain_id, place)
    proof = None if place is None else _prove(store, record, place, anchor)
    return Detail(record, parse_entry(record.leaf), _values(record), anchor, proof)


def _prove(store: LedgerStore, record: Record, place: int, anchor: Anchor | None) -> Proof:
    checkpoint = store.find_checkpoint(anchor.size) if anchor else store.latest_checkpoint()
    if checkpoint is None:
        raise CheckpointUnknown("the checkpoint over this record is missing")
    leaf = leaf_hash(record.leaf)
    steps = _walk(leaf, prove_inclusion(store, place, checkpoint.size))
    reached = steps[-1].result if steps else leaf
    return Proof(checkpoint, leaf, steps, holds=reached == checkpoint.root)


def _walk(leaf: bytes, proof: InclusionProof) -> tuple[InclusionStep, ...]:
    try:
        return tuple(inclusion_steps(leaf, proof))
    except ProofRejected:
        return ()


@dataclass(frozen=True)
class Matches:
    """What an auditor's search found."""

    lines: list[Line]
    checkpoint: Checkpoint | None
    anchor: Anchor | None

    @property
    def empty(self) -> bool:
        """Whether nothing was found."""
        return not self.lines and self.checkpoint is None and self.anchor is None


def search(store: LedgerStore, chain_id: int, key: PseudonymKey, words: str) -> Matches:
    """Find what an auditor means: a record id, a number, or a licence identifier."""
    words = words.strip()
    if re.fullmatch(r"[0-9]{1,18}", words):
        number = int(words)
        at = store.find_record_at(number)
        lines = list_lines(store, chain_id, [at] if at else [])
        anchor = store.find_anchor(chain_id, number)
        return Matches(lines, store.find_checkpoint(number), anchor)
    record = store.find_record(words)
    if record is None:
        found = store.records_of(LICENCE, key.pseudonym(LICENCE, words), PAGE) if words else []
        return Matches(list_lines(store, chain_id, found), None, None)
    return Matches(list_lines(store, chain_id, [record]), None, None)
