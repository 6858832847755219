import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofRejected, RootMismatch
from ledger.merkle import (
    EMPTY_ROOT,
    ConsistencyProof,
    InclusionProof,
    Span,
    consistency_spans,
    grow,
    hashes_of,
    inclusion_spans,
    leaf_hash,
    node_hash,
    root_of,
    subtrees,
    tree_hash,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ledger" / "merkle.json").read_text())
LEAVES = [bytes.fromhex(leaf) for leaf in VECTORS["leaves"]]
ROOTS = {int(size): bytes.fromhex(root) for size, root in VECTORS["roots"].items()}
NODES = dict(grow(0, [], [leaf_hash(leaf) for leaf in LEAVES]).created)
MANY = [b"%d" % number for number in range(70)]
MANY_NODES = dict(grow(0, [], [leaf_hash(leaf) for leaf in MANY]).created)
MANY_ROOTS = [tree_hash(MANY[:size]) for size in range(71)]


def unhex(path):
    return [bytes.fromhex(one) for one in path]


def recursive_hash(leaves):
    """RFC 9162 section 2.1.1, word by word."""
    if len(leaves) < 2:
        return leaf_hash(leaves[0]) if leaves else EMPTY_ROOT
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(recursive_hash(leaves[:split]), recursive_hash(leaves[split:]))


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_tree_hash_matches_the_published_root(size, root):
    assert tree_hash(LEAVES[:size]) == root


@pytest.mark.parametrize("case", VECTORS["inclusion"])
def test_inclusion_path_matches_the_published_one(case):
    index, size = case["leaf_index"], case["size"]
    path = hashes_of(inclusion_spans(index, size), NODES)
    assert path == unhex(case["path"])
    verify_inclusion(leaf_hash(LEAVES[index]), InclusionProof(index, size, path), ROOTS[size])


@pytest.mark.parametrize("case", VECTORS["consistency"])
def test_consistency_path_matches_the_published_one(case):
    first, second = case["first"], case["second"]
    path = hashes_of(consistency_spans(first, second), NODES)
    assert path == unhex(case["path"])
    verify_consistency(ConsistencyProof(first, second, path), ROOTS[first], ROOTS[second])


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_tree_hash_is_the_recursive_definition(leaves):
    assert tree_hash(leaves) == recursive_hash(leaves)


@given(st.data())
def test_growing_in_parts_is_growing_at_once(data):
    cut = data.draw(st.integers(0, len(MANY)))
    first = grow(0, [], map(leaf_hash, MANY[:cut]))
    rest = grow(cut, [node for _, node in first.frontier], map(leaf_hash, MANY[cut:]))
    assert root_of([node for _, node in rest.frontier]) == MANY_ROOTS[70]
    assert {**dict(first.created), **dict(rest.created)} == MANY_NODES


@given(st.data())
def test_every_leaf_is_included_and_nowhere_else(data):
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    path = hashes_of(inclusion_spans(index, size), MANY_NODES)
    proof = InclusionProof(index, size, path)
    verify_inclusion(leaf_hash(MANY[index]), proof, MANY_ROOTS[size])
    other = data.draw(st.integers(0, 69).filter(lambda one: one != index))
    with pytest.raises(ProofRejected):
        verify_inclusion(leaf_hash(MANY[other]), proof, MANY_ROOTS[size])


@given(st.data())
def test_every_tree_extends_every_smaller_one(data):
    second = data.draw(st.integers(0, 70))
    first = data.draw(st.integers(0, second))
    path = hashes_of(consistency_spans(first, second), MANY_NODES)
    proof = ConsistencyProof(first, second, path)
    verify_consistency(proof, MANY_ROOTS[first], MANY_ROOTS[second])


@given(st.data())
def test_a_changed_path_proves_nothing(data):
    second = data.draw(st.integers(2, 70))
    first = data.draw(st.integers(1, second - 1))
    path = hashes_of(consistency_spans(first, second), MANY_NODES)
    place = data.draw(st.integers(0, len(path)))
    change = data.draw(st.sampled_from(["flip", "drop", "insert"]))
    if change == "insert":
        path.insert(place, b"\0" * 32)
    elif change == "drop":
        del path[min(place, len(path) - 1)]
    else:
        place = min(place, len(path) - 1)
        path[place] = bytes([path[place][0] ^ 1]) + path[place][1:]
    with pytest.raises(ProofRejected):
        verify_consistency(
            ConsistencyProof(first, second, path), MANY_ROOTS[first], MANY_ROOTS[second]
        )


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (8, 8)])
def test_a_leaf_outside_the_tree_is_refused(index, size):
    with pytest.raises(ProofRejected, match="outside"):
        verify_inclusion(b"\0" * 32, InclusionProof(index, size, []), b"\0" * 32)
    with pytest.raises(ProofRejected):
        inclusion_spans(index, size)


@pytest.mark.parametrize("length", [2, 4])
def test_an_inclusion_path_of_the_wrong_length_is_refused(length):
    path = [b"\0" * 32] * length
    with pytest.raises(ProofRejected, match="too"):
        verify_inclusion(leaf_hash(b""), InclusionProof(0, 8, path), ROOTS[8])


def test_a_shrinking_tree_is_refused():
    with pytest.raises(ProofRejected, match="shrinks"):
        verify_consistency(ConsistencyProof(8, 7, []), ROOTS[8], ROOTS[7])
    with pytest.raises(ProofRejected):
        consistency_spans(8, 7)


def test_equal_trees_need_no_path_and_equal_roots():
    verify_consistency(ConsistencyProof(3, 3, []), ROOTS[3], ROOTS[3])
    with pytest.raises(ProofRejected):
        verify_consistency(ConsistencyProof(3, 3, [ROOTS[1]]), ROOTS[3], ROOTS[3])
    with pytest.raises(RootMismatch):
        verify_consistency(ConsistencyProof(3, 3, []), ROOTS[3], ROOTS[4])


def test_every_tree_extends_the_empty_one_without_a_path():
    verify_consistency(ConsistencyProof(0, 5, []), EMPTY_ROOT, ROOTS[5])
    with pytest.raises(ProofRejected):
        verify_consistency(ConsistencyProof(0, 5, [ROOTS[1]]), EMPTY_ROOT, ROOTS[5])


def test_a_forked_tree_is_refused():
    forked = tree_hash([*LEAVES[:2], b"other", *LEAVES[3:]])
    path = hashes_of(consistency_spans(6, 8), NODES)
    with pytest.raises(RootMismatch):
        verify_consistency(ConsistencyProof(6, 8, path), ROOTS[6], forked)


def test_a_path_to_the_right_second_root_from_a_wrong_first_one_is_refused():
    path = hashes_of(consistency_spans(6, 8), NODES)
    with pytest.raises(RootMismatch):
        verify_consistency(ConsistencyProof(6, 8, path), ROOTS[5], ROOTS[8])


def test_a_path_that_ends_before_the_size_claimed_is_refused():
    path = hashes_of(consistency_spans(6, 8), NODES)
    with pytest.raises(ProofRejected, match="too short"):
        verify_consistency(ConsistencyProof(6, 16, path), ROOTS[6], ROOTS[8])


def test_a_span_is_a_row_of_complete_subtrees():
    assert subtrees(Span(0, 7)) == [(2, 0), (1, 2), (0, 6)]
    assert subtrees(Span(4, 4)) == []
