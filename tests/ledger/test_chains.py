"""One suite for every chain back-end: the embedded one always, a real node where there is one."""

import socket
import subprocess
import sys
import time

import pytest

from ledger.anchoring import anchor_latest, check_log, ensure_contract
from ledger.chains import ChainSetup, open_chain
from ledger.chains.chain import SignedTransaction
from ledger.chains.transactions import contract_address, read_anchor, read_transaction
from ledger.checkpoint import TreeHead
from ledger.errors import (
    ChainError,
    ChainLocked,
    ChainUnreachable,
    LogForked,
    TransactionRefused,
    TransactionReplaced,
)
from ledger.merkle import consistency_spans, grow, hashes_of, leaf_hash, tree_hash
from tests.ledger.world import OPERATOR_KEY, World
from tests.tools_found import anvil

# The first of the funded accounts that anvil prints at its start.
ANVIL_KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
LEAVES = [b"%d" % number for number in range(20)]
NODES = dict(grow(0, [], map(leaf_hash, LEAVES)).created)


@pytest.fixture(scope="module")
def node():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [anvil(), "--silent", "--port", str(port), "--hardfork", "paris"], stdin=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            assert open_chain(ChainSetup(url, None, ANVIL_KEY)).chain_id
            break
        except ChainUnreachable:
            time.sleep(0.1)
    yield url
    process.kill()
    process.wait()


@pytest.fixture(params=["embedded", pytest.param("json-rpc", marks=pytest.mark.node)])
def chain(request, tmp_path):
    if request.param == "embedded":
        opened = open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY))
    else:
        url = request.getfixturevalue("node")
        opened = open_chain(ChainSetup(url, tmp_path, ANVIL_KEY))
    yield opened
    opened.close()


def included(chain, signed):
    """Send a transaction and wait until it is in a block."""
    chain.send(signed)
    for _ in range(100):
        if receipt := chain.receipt(signed.tx_hash):
            return receipt
        time.sleep(0.05)
    raise AssertionError("the chain never included it")


@pytest.fixture
def contract(chain):
    signed = chain.sign_deployment()
    assert included(chain, signed).succeeded
    return contract_address(read_transaction(signed.raw))


def head(size, leaves=LEAVES):
    return TreeHead(size, tree_hash(leaves[:size]))


def proof(first, second):
    return hashes_of(consistency_spans(first, second), NODES)


def anchor(chain, contract, tree_head, path):
    return included(chain, chain.sign_anchor(contract, tree_head, path))


def test_a_new_contract_holds_nothing(chain, contract):
    assert chain.has_contract(contract)
    assert chain.head(contract).size == 0


def test_every_extension_is_accepted(chain, contract):
    held = 0
    for size in (1, 2, 3, 6, 8, 15, 16, 20):
        assert anchor(chain, contract, head(size), proof(held, size)).succeeded
        assert chain.head(contract) == head(size)
        held = size


@pytest.mark.parametrize(
    ("size", "leaves", "first"),
    [
        (7, LEAVES, 7),  # the same again
        (6, LEAVES, 6),  # shrunken
        (12, [b"x", *LEAVES[1:]], 7),  # forked before the head held
        (12, LEAVES, 6),  # a proof from another head
        (12, LEAVES, 0),  # no proof
    ],
)
def test_a_forked_or_shrunken_head_is_refused(chain, contract, size, leaves, first):
    assert anchor(chain, contract, head(7), []).succeeded
    refused = refused_anchor(chain, contract, head(size, leaves), proof(first, size))
    assert refused
    assert chain.head(contract) == head(7)


def refused_anchor(chain, contract, tree_head, path):
    """A node may refuse at once or include the failed transaction: both are a refusal."""
    try:
        return not anchor(chain, contract, tree_head, path).succeeded
    except TransactionRefused:
        return True


def test_a_proof_that_is_too_long_is_refused(chain, contract):
    assert anchor(chain, contract, head(7), []).succeeded
    assert refused_anchor(chain, contract, head(12), [*proof(7, 12), bytes(32)])
    assert chain.head(contract) == head(7)


def test_a_first_head_with_a_proof_is_refused(chain, contract):
    assert refused_anchor(chain, contract, head(7), [bytes(32)])


def test_the_raw_transaction_tells_operator_contract_and_head(chain, contract):
    signed = chain.sign_anchor(contract, head(9), proof(4, 9))
    call = read_anchor(signed.raw)
    assert call.operator == chain.operator
    assert (call.chain_id, call.contract) == (chain.chain_id, contract)
    assert (call.head, call.proof) == (head(9), proof(4, 9))
    assert call.tx_hash == signed.tx_hash


def test_the_same_bytes_are_taken_once(chain, contract):
    signed = chain.sign_anchor(contract, head(3), [])
    first = included(chain, signed)
    chain.send(signed)
    assert chain.receipt(signed.tx_hash) == first


def test_a_transaction_whose_place_is_taken_says_so(chain, contract):
    early, late = (chain.sign_anchor(contract, head(size), []) for size in (3, 4))
    included(chain, early)
    with pytest.raises(TransactionReplaced):
        chain.send(late)


def test_an_address_without_the_contract_is_told(chain):
    assert not chain.has_contract(chain.operator)


def test_an_unknown_transaction_has_no_receipt(chain):
    assert chain.receipt(b"\x12" * 32) is None


def test_blocks_have_a_time(chain, contract):
    receipt = anchor(chain, contract, head(2), [])
    assert abs(chain.block_time(receipt.block_number) - time.time()) < 3600


def test_gas_at_a_thousand_leaves_stays_within_the_promise(chain, contract):
    leaves = [b"%d" % number for number in range(1000)]
    nodes = dict(grow(0, [], map(leaf_hash, leaves)).created)
    assert anchor(chain, contract, head(993, leaves), []).succeeded
    path = hashes_of(consistency_spans(993, 1000), nodes)
    assert anchor(chain, contract, head(1000, leaves), path).gas_used <= 50_000


def test_a_ledger_anchors_on_it_and_its_audit_is_clean(chain, tmp_path):
    world = World(tmp_path / "world" if (tmp_path / "world").mkdir() is None else None, chain=chain)
    for count in (3, 5):
        world.append(count)
        world.sequence()
        assert world.anchor(rounds=20).included
    assert world.anchor() is None
    assert world.audit().counts.anchors == 2
    assert world.audit().clean
    world.database.close()


def test_only_the_operator_may_anchor(tmp_path):
    first = open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY))
    signed = first.sign_deployment()
    first.send(signed)
    contract = contract_address(read_transaction(signed.raw))
    first.close()
    stranger = open_chain(ChainSetup("embedded", tmp_path, b"\x08" * 32))
    assert not stranger.has_contract(contract)
    with pytest.raises(TransactionRefused):  # it has no funds on this chain
        stranger.send(stranger.sign_anchor(contract, head(1), []))
    stranger.close()


def test_the_embedded_chain_survives_closing(tmp_path):
    chain = open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY))
    signed = chain.sign_deployment()
    chain.send(signed)
    contract = contract_address(read_transaction(signed.raw))
    anchor(chain, contract, head(5), [])
    chain.close()
    again = open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY))
    assert again.head(contract) == head(5)
    assert again.receipt(signed.tx_hash).succeeded
    again.close()


def test_the_embedded_chain_leaves_the_recursion_limit_alone():
    assert sys.getrecursionlimit() <= 1000


def test_one_process_mines_and_others_read_what_it_mines(tmp_path):
    miner = open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY))
    with pytest.raises(ChainLocked):
        open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY))
    reader = open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY, mines=False))
    signed = miner.sign_deployment()
    miner.send(signed)
    contract = contract_address(read_transaction(signed.raw))
    assert reader.head(contract).size == 0
    anchor(miner, contract, head(5), [])
    assert reader.head(contract) == head(5)
    with pytest.raises(ChainLocked):
        reader.send(reader.sign_anchor(contract, head(6), proof(5, 6)))
    reader.close()
    miner.close()


def test_a_reader_finds_no_chain_before_there_is_one(tmp_path):
    with pytest.raises(ChainUnreachable):
        open_chain(ChainSetup("embedded", tmp_path, OPERATOR_KEY, mines=False))


def test_a_node_that_does_not_answer_is_told():
    away = open_chain(ChainSetup("http://127.0.0.1:9", None, OPERATOR_KEY))
    assert away.operator  # what needs no node works
    with pytest.raises(ChainUnreachable):
        _ = away.chain_id


@pytest.mark.parametrize("raw", [b"", b"\xc0", b"\x02\xc0", b"\xf8\x6c" + b"\x01" * 108])
def test_what_is_no_signed_transaction_is_refused(raw):
    with pytest.raises(TransactionRefused):
        read_transaction(raw)


# Anchoring


def test_a_restored_database_anchors_nothing(world, tmp_path):
    world.append(3)
    world.sequence()
    backup = (tmp_path / "backup").mkdir() or World(tmp_path / "backup", chain=world.chain)
    with world.reading() as store, backup.writing() as copy:
        contract = world.contract
        copy.add_contract(store.find_contract(world.chain.chain_id))
    assert world.anchor().size == 3
    check_log(world.ledger, contract)
    for act in (check_log, anchor_latest):
        with pytest.raises(LogForked, match="this database only 0"):
            act(backup.ledger, contract)
    backup.append(4)
    backup.sequence()
    with pytest.raises(LogForked, match="another tree"):
        anchor_latest(backup.ledger, contract)
    assert world.chain.head(contract).size == 3
    backup.database.close()


def test_a_crash_after_the_plan_is_resumed_with_the_same_bytes(world):
    world.append(2)
    world.sequence()
    contract = world.contract
    from ledger.anchoring import _plan_anchor

    planned = _plan_anchor(world.ledger, contract)
    world.append(3)
    world.sequence()
    assert world.anchor().tx_hash == planned.tx_hash
    assert world.anchor().size == 5
    assert world.audit().clean


def test_a_crash_after_sending_is_resumed_without_a_second_transaction(world):
    world.append(2)
    world.sequence()
    from ledger.anchoring import _plan_anchor

    planned = _plan_anchor(world.ledger, world.contract)
    world.chain.send(SignedTransaction(planned.tx_hash, planned.raw))
    assert world.audit().clean
    assert world.anchor().tx_hash == planned.tx_hash
    assert world.audit().counts.unfinished_anchors == 0


def test_a_plan_whose_place_is_taken_is_made_anew(world):
    world.append(2)
    world.sequence()
    from ledger.anchoring import _plan_anchor

    planned = _plan_anchor(world.ledger, world.contract)
    world.chain.send(world.chain.sign_deployment())
    assert world.anchor() is None
    assert world.anchor().tx_hash != planned.tx_hash
    assert world.audit().clean


def test_another_contract_at_the_address_is_told(world):
    contract = world.contract
    with world.writing() as store:
        found = store.find_contract(world.chain.chain_id)
        store.drop_contract(found.chain_id)
        store.add_contract(
            type(found)(found.chain_id, world.chain.operator, found.tx_hash, found.raw)
        )
    with pytest.raises(ChainError, match="not our contract"):
        ensure_contract(world.ledger)
    assert world.chain.has_contract(contract)
