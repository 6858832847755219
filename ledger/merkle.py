"""Merkle trees as in RFC 9162 section 2.1: hashing, proving, verifying.

Pure functions. A tree is held as its complete subtrees: the node at (level, position) covers the
2**level leaves from position * 2**level on. Every hash that a proof needs covers a range of
leaves, and every such range is a short row of complete subtrees.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import NamedTuple

from ledger.errors import ProofRejected, RootMismatch

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Hashes = Sequence[bytes]


class NodeId(NamedTuple):
    """Position of a complete subtree."""

    level: int
    position: int


class Span(NamedTuple):
    """Leaves from `begin` up to, not including, `end`."""

    begin: int
    end: int


Nodes = Mapping[NodeId, bytes]


@dataclass(frozen=True)
class InclusionProof:
    """That one leaf is in a tree (RFC 9162 section 2.1.3)."""

    leaf_index: int
    tree_size: int
    path: Hashes


@dataclass(frozen=True)
class ConsistencyProof:
    """That a tree extends an earlier one (RFC 9162 section 2.1.4)."""

    first: int
    second: int
    path: Hashes


def leaf_hash(entry: bytes) -> bytes:
    """Hash a leaf (RFC 9162 section 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an interior node (RFC 9162 section 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def tree_hash(entries: Sequence[bytes]) -> bytes:
    """Hash a whole list of leaves (RFC 9162 section 2.1.1)."""
    return root_of([node for _, node in grow(0, [], map(leaf_hash, entries)).frontier])


# Growing


@dataclass(frozen=True)
class Growth:
    """What appending leaves made: all new complete subtrees, and the new right edge."""

    size: int
    created: Sequence[tuple[NodeId, bytes]]
    frontier: Sequence[tuple[NodeId, bytes]]


def grow(size: int, frontier: Hashes, leaf_hashes: Iterable[bytes]) -> Growth:
    """Append leaves to a tree known by its right edge.

    Args:
        size: leaves in the tree so far.
        frontier: hashes of `subtrees(Span(0, size))`, left to right.
        leaf_hashes: the new leaves, hashed.
    """
    edge = list(zip(subtrees(Span(0, size)), frontier, strict=True))
    created: list[tuple[NodeId, bytes]] = []
    for hashed in leaf_hashes:
        _push(edge, created, size, hashed)
        size += 1
    return Growth(size, created, edge)


def _push(
    edge: list[tuple[NodeId, bytes]], created: list[tuple[NodeId, bytes]], index: int, node: bytes
) -> None:
    level = 0
    created.append((NodeId(0, index), node))
    while index & 1:  # a right child completes its parent
        node = node_hash(edge.pop()[1], node)
        level, index = level + 1, index >> 1
        created.append((NodeId(level, index), node))
    edge.append((NodeId(level, index), node))


def root_of(frontier: Hashes) -> bytes:
    """Hash the right edge, from right to left, into the root."""
    if not frontier:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(frontier))


# Proving


def subtrees(span: Span) -> list[NodeId]:
    """Return the complete subtrees that make up a span, left to right.

    The span must begin where a subtree of at least its size can begin, as all spans of proofs do.
    """
    begin, end = span
    found = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        found.append(NodeId(level, begin >> level))
        begin += 1 << level
    return found


def inclusion_spans(leaf_index: int, size: int) -> list[Span]:
    """Return what the hashes of an inclusion path cover, leaf first (section 2.1.3.1)."""
    if not 0 <= leaf_index < size:
        raise ProofRejected(f"leaf {leaf_index} is not in a tree of {size}")
    begin, end, spans = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if leaf_index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(begin, middle))
            begin = middle
    return spans[::-1]


def consistency_spans(first: int, second: int) -> list[Span]:
    """Return what the hashes of a consistency proof cover (section 2.1.4.1)."""
    if not 0 <= first <= second:
        raise ProofRejected(f"a tree of {second} does not extend a tree of {first}")
    if first in (0, second):
        return []
    begin, end, spans, whole = 0, second, [], True
    while end != first:
        middle = begin + _split(end - begin)
        if first <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(begin, middle))
            begin, whole = middle, False
    # The verifier knows the first tree's root: it is sent along only where it is not that root.
    return ([] if whole else [Span(begin, end)]) + spans[::-1]


def needed(spans: Iterable[Span]) -> list[NodeId]:
    """Return the complete subtrees from which the hashes of spans are made."""
    return [node for span in spans for node in subtrees(span)]


def hashes_of(spans: Iterable[Span], nodes: Nodes) -> list[bytes]:
    """Hash each span from its complete subtrees."""
    return [root_of([nodes[node] for node in subtrees(span)]) for span in spans]


def _split(width: int) -> int:
    """Return the largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


# Verifying


def verify_inclusion(hashed: bytes, proof: InclusionProof, root: bytes) -> None:
    """Check that a leaf is under `root` (RFC 9162 section 2.1.3.2).

    Args:
        hashed: the leaf's hash.
        proof: its path.
        root: 32-byte hash from the same signed checkpoint as `proof.tree_size`.

    Raises:
        ProofRejected: the path has not the length that its tree size asks for.
        RootMismatch: the path leads to another root.
    """
    for step in inclusion_steps(hashed, proof):
        hashed = step.result
    if hashed != root:
        raise RootMismatch("the inclusion path leads to another root")


class InclusionStep(NamedTuple):
    """One hash on the way from a leaf to the root."""

    left: bytes
    right: bytes
    result: bytes
    sibling_is_left: bool


def inclusion_steps(hashed: bytes, proof: InclusionProof) -> Iterator[InclusionStep]:
    """Walk an inclusion path, one step per hash (RFC 9162 section 2.1.3.2, its names).

    Raises:
        ProofRejected: the path has not the length that its tree size asks for.
    """
    if not 0 <= proof.leaf_index < proof.tree_size:
        raise ProofRejected("the leaf index is outside the tree")
    fn, sn, r = proof.leaf_index, proof.tree_size - 1, hashed
    for p in proof.path:
        if sn == 0:
            raise ProofRejected("the inclusion path is too long")
        from_left = bool(fn & 1) or fn == sn
        left, right = (p, r) if from_left else (r, p)
        r = node_hash(left, right)
        yield InclusionStep(left, right, r, from_left)
        if from_left:
            fn, sn = _skip_missing(fn, sn)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofRejected("the inclusion path is too short")


def verify_consistency(proof: ConsistencyProof, first_root: bytes, second_root: bytes) -> None:
    """Check that one tree extends another (RFC 9162 section 2.1.4.2).

    Args:
        proof: its path; empty if the trees are equal or the first is empty.
        first_root: root of the first tree.
        second_root: root of the second.

    Raises:
        ProofRejected: the path has not the length that its sizes ask for.
        RootMismatch: the path leads to another root.
    """
    if not 0 <= proof.first <= proof.second:
        raise ProofRejected("a tree never shrinks")
    if proof.first in (0, proof.second):
        _verify_trivial(proof, first_root, second_root)
        return
    fr, sr = _walk_consistency(proof, first_root)
    if fr != first_root or sr != second_root:
        raise RootMismatch("the consistency path leads to another root")


def _verify_trivial(proof: ConsistencyProof, first_root: bytes, second_root: bytes) -> None:
    if proof.path:
        raise ProofRejected("equal trees and the empty tree need no path")
    same = first_root == (second_root if proof.first == proof.second else EMPTY_ROOT)
    if not same:
        raise RootMismatch("the roots differ where they must not")


def _walk_consistency(proof: ConsistencyProof, first_root: bytes) -> tuple[bytes, bytes]:
    """Return both roots as the path gives them, with the RFC's variable names."""
    if not proof.path:
        raise ProofRejected("the consistency path is empty")
    whole = proof.first & (proof.first - 1) == 0
    path = [first_root, *proof.path] if whole else list(proof.path)
    fn, sn = proof.first - 1, proof.second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise ProofRejected("the consistency path is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            fn, sn = _skip_missing(fn, sn)
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofRejected("the consistency path is too short")
    return fr, sr


def _skip_missing(fn: int, sn: int) -> tuple[int, int]:
    """Climb the levels on which the node at the right edge has no sibling."""
    while fn and not fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn
