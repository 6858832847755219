"""Each refusal of the contract, by its own error, asked by a call instead of a transaction."""

import pytest
from eth_account import Account
from web3 import Web3
from web3.exceptions import ContractCustomError

from ledger.chains.artefact import ABI, BYTECODE
from ledger.merkle import consistency_spans, grow, hashes_of, leaf_hash, tree_hash
from tests.ledger.test_chains import ANVIL_KEY, node  # noqa: F401 - a fixture

LEAVES = [b"%d" % number for number in range(40)]
NODES = dict(grow(0, [], map(leaf_hash, LEAVES)).created)
OPERATOR = Account.from_key(ANVIL_KEY).address
STRANGER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

pytestmark = pytest.mark.node


def proof(first, second):
    return hashes_of(consistency_spans(first, second), NODES)


def root(size):
    return tree_hash(LEAVES[:size])


@pytest.fixture(scope="module")
def contract(node):  # noqa: F811 - the fixture
    web3 = Web3(Web3.HTTPProvider(node))
    made = web3.eth.contract(abi=ABI, bytecode=BYTECODE).constructor([OPERATOR])
    sent = made.transact({"from": OPERATOR})
    receipt = web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.05)
    held = web3.eth.contract(address=receipt["contractAddress"], abi=ABI)
    sent = held.functions.anchor(7, root(7), []).transact({"from": OPERATOR})
    receipt = web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.05)
    (event,) = held.events.Anchored().process_receipt(receipt)
    assert (event["args"]["size"], event["args"]["root"]) == (7, root(7))
    return held


def selector(error):
    types = {"NotOperator": "address", "TreeHasNotGrown": "uint64,uint64"}
    return Web3.keccak(text=f"{error}({types.get(error, 'uint64,bytes32')})")[:4].hex()


def refusal(contract, caller, size, tree_root, path):
    with pytest.raises(ContractCustomError) as caught:
        contract.functions.anchor(size, tree_root, path).call({"from": caller})
    return str(caught.value.data)[2:10]


@pytest.mark.parametrize("size", range(8, 41))
def test_every_extension_is_accepted(contract, size):
    contract.functions.anchor(size, root(size), proof(7, size)).call({"from": OPERATOR})


def test_a_stranger_is_no_operator(contract):
    assert refusal(contract, STRANGER, 9, root(9), proof(7, 9)) == selector("NotOperator")


@pytest.mark.parametrize("size", [0, 6, 7])
def test_a_tree_that_has_not_grown_is_refused(contract, size):
    assert refusal(contract, OPERATOR, size, root(size), []) == selector("TreeHasNotGrown")


@pytest.mark.parametrize("size", [8, 9, 16, 33])
def test_what_is_no_extension_is_refused(contract, size):
    forked = tree_hash([b"x", *LEAVES[1:size]])
    path = proof(7, size)
    for tree_root, tried in (
        (forked, path),
        (root(size), []),
        (root(size), path[:-1]),
        (root(size), [*path, bytes(32)]),
        (root(size), [bytes(32), *path[1:]]),
        (root(size + 1), path),
    ):
        assert refusal(contract, OPERATOR, size, tree_root, tried) == selector("NotAnExtension")
