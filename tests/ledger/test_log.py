import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ledger.checkpoint import make_signer, open_checkpoint
from ledger.errors import LogForked, NotCanonical, ProofRejected
from ledger.log import append, find_issue, prove_consistency, prove_inclusion, root_at, sequence
from ledger.merkle import leaf_hash, tree_hash, verify_consistency, verify_inclusion
from ledger.records import (
    Opening,
    check_openings,
    encode_openings,
    make_record,
    parse_entry,
    parse_openings,
)
from tests.ledger.world import AT_MS, KEY, SIGNER, act, counted, random_bytes


def test_an_appended_record_has_no_place_until_it_is_sequenced(world):
    (record_id,) = world.append()
    with world.reading() as store:
        assert store.find_record(record_id).leaf_index is None
    assert world.sequence().size == 1
    with world.reading() as store:
        assert store.find_record(record_id).leaf_index == 0


def test_nothing_pending_signs_nothing(world):
    assert world.sequence() is None
    world.append()
    world.sequence()
    assert world.sequence() is None


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_each_checkpoint_is_signed_over_the_records_and_extends_the_one_before(batches):
    import tempfile
    from pathlib import Path

    from tests.ledger.world import World

    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        checkpoints = []
        for batch in batches:
            world.append(batch)
            checkpoints.append(world.sequence())
        with world.reading() as store:
            leaves = [record.leaf for record in store.all_records()]
            previous = 0
            for checkpoint in checkpoints:
                assert checkpoint.previous_size == previous
                assert open_checkpoint(checkpoint.note, SIGNER.key) == checkpoint.head
                assert checkpoint.root == tree_hash(leaves[: checkpoint.size])
                proof = prove_consistency(store, previous, checkpoint.size)
                verify_consistency(proof, root_at(store, previous), checkpoint.root)
                previous = checkpoint.size
            for index, leaf in enumerate(leaves):
                proof = prove_inclusion(store, index, previous)
                verify_inclusion(leaf_hash(leaf), proof, checkpoints[-1].root)
        world.close()


def test_a_batch_is_bounded_and_the_rest_follows(world):
    world.append(5)
    assert [world.sequence(2).size for _ in range(3)] == [2, 4, 5]


def test_an_undone_act_leaves_no_record_and_no_gap(world):
    world.append()
    with pytest.raises(ZeroDivisionError), world.writing() as store:
        append(store, act(), KEY, AT_MS, world.random)
        raise ZeroDivisionError
    world.append()
    assert world.sequence().size == 2
    assert world.audit().clean


def test_a_changed_tree_is_never_signed_on(world):
    world.append(3)
    world.sequence()
    with world.database.writing() as connection:
        connection.execute(text("UPDATE tree_nodes SET hash = zeroblob(32) WHERE level = 1"))
    world.append()
    with pytest.raises(LogForked, match="root signed for size 3"):
        world.sequence()
    with world.reading() as store:
        assert store.latest_checkpoint().size == 3


def test_a_missing_node_is_never_signed_on(world):
    world.append(2)
    world.sequence()
    with world.database.writing() as connection:
        connection.execute(text("DELETE FROM tree_nodes WHERE level = 1"))
    world.append()
    with pytest.raises(LogForked, match="missing"):
        world.sequence()


def test_a_checkpoint_of_another_key_is_never_signed_on(world):
    world.append()
    world.sequence()
    world.append()
    with pytest.raises(LogForked, match="not signed by this log"), world.writing() as store:
        sequence(store, make_signer(SIGNER.origin, b"x" * 32))


def test_a_leaf_tells_no_plain_fact():
    record = make_record(act(by_name="王芳"), KEY, AT_MS, random_bytes())
    for plain in ("王芳", "holder", "clerk", "window", "1.2.156.3005.2.x", "设立登记"):
        assert plain.encode() not in record.leaf


def test_every_field_opens_its_commitment_and_no_other():
    record = make_record(act(), KEY, AT_MS, random_bytes())
    entry, openings = parse_entry(record.leaf), parse_openings(record.openings)
    check_openings(entry, openings)
    wrong = {**openings, "purpose": Opening(openings["purpose"].salt, "别的用途")}
    with pytest.raises(ProofRejected, match="purpose"):
        check_openings(entry, wrong)
    with pytest.raises(ProofRejected, match="added"):
        check_openings(entry, {"added": openings["purpose"]})


def test_the_same_act_twice_gives_leaves_that_share_no_commitment():
    random = random_bytes()
    first, second = (parse_entry(make_record(act(), KEY, AT_MS, random).leaf) for _ in range(2))
    assert set(first.commitments.values()).isdisjoint(second.commitments.values())
    assert first.pseudonyms == second.pseudonyms


def test_a_pseudonym_differs_by_role_and_by_key():
    assert KEY.pseudonym("party", "x") != KEY.pseudonym("person", "x")
    assert KEY.pseudonym("party", "x") != type(KEY)(b"other" * 8).pseudonym("party", "x")
    assert KEY.pseudonym("person", "") == ""


@pytest.mark.parametrize("openings", [b"[]", b'{"a":"b"}', b'{"a":["x"]}', b'{"a":["AAAA","v"]}'])
def test_malformed_openings_are_refused(openings):
    with pytest.raises(NotCanonical):
        parse_openings(openings)


def test_openings_are_read_as_written():
    record = make_record(act(), KEY, AT_MS, random_bytes())
    assert encode_openings(parse_openings(record.openings)) == record.openings


def test_the_log_sends_few_statements(world):
    world.append()
    world.sequence()
    with counted(world.database) as statements:
        world.append(100)
    assert len([one for one in statements if one.startswith("INSERT")]) == 1
    with counted(world.database) as statements:
        world.sequence()
    # pending, last checkpoint, frontier; places, nodes, checkpoint
    assert len([one for one in statements if not one.startswith("BEGIN")]) == 6


def test_an_issue_is_found_until_it_is_tampered_with(world):
    (record_id,) = world.append(kind="issue", licence="L1")
    (other,) = world.append(kind="show", licence="L1")
    for step in (lambda: None, world.sequence):
        step()
        with world.reading() as store:
            assert find_issue(store, record_id, "L1")
            assert not find_issue(store, record_id, "L2")
            assert not find_issue(store, other, "L1")
            assert not find_issue(store, "nothing", "L1")
    with world.database.writing() as connection:
        changed = "UPDATE records SET leaf = CAST(replace(leaf, '\"show\"', '\"issue\"') AS BLOB)"
        connection.execute(text(changed))
    with world.reading() as store:
        assert not find_issue(store, other, "L1")
