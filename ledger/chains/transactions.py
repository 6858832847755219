"""Raw transactions: reading, without a node, what an operator signed."""

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError
from rlp import decode, encode
from rlp.exceptions import RLPException
from web3 import Web3

from ledger.chains.artefact import ABI
from ledger.checkpoint import TreeHead
from ledger.errors import TransactionRefused
from ledger.merkle import Hashes

LEGACY_FIELDS = 9
ADDRESS_BYTES = 20
FIRST_PROTECTED_V = 35  # EIP-155: v = 35 + 2 * chain id, or one more

_CONTRACT = Web3().eth.contract(abi=ABI)


@dataclass(frozen=True)
class SentTransaction:
    """What a raw transaction says by itself."""

    tx_hash: bytes
    sender: str
    nonce: int
    chain_id: int
    to: str | None
    data: bytes


@dataclass(frozen=True)
class AnchorCall:
    """A signed order to a contract to take over a tree head."""

    tx_hash: bytes
    operator: str
    chain_id: int
    contract: str
    head: TreeHead
    proof: Hashes


def read_transaction(raw: bytes) -> SentTransaction:
    """Read a signed transaction protected for one chain (EIP-155).

    Raises:
        TransactionRefused: it is not that.
    """
    try:
        fields = decode(raw)
        sender = Account.recover_transaction(raw)
    except (RLPException, ValidationError, ValueError, TypeError, AssertionError) as error:
        raise TransactionRefused(f"not a signed transaction: {error}") from None
    if not isinstance(fields, list) or len(fields) != LEGACY_FIELDS:
        raise TransactionRefused("not a transaction of the form that is used here")
    v = int.from_bytes(fields[6], "big")
    if v < FIRST_PROTECTED_V:
        raise TransactionRefused("the transaction is not bound to one chain")
    to = to_checksum_address(fields[3]) if len(fields[3]) == ADDRESS_BYTES else None
    nonce = int.from_bytes(fields[0], "big")
    chain_id = (v - FIRST_PROTECTED_V) // 2
    return SentTransaction(keccak(raw), sender, nonce, chain_id, to, bytes(fields[5]))


def read_anchor(raw: bytes) -> AnchorCall:
    """Read a signed call of `CheckpointAnchor.anchor`.

    Raises:
        TransactionRefused: it is not that.
    """
    sent = read_transaction(raw)
    arguments = _anchor_arguments(sent.data)
    if sent.to is None:
        raise TransactionRefused("the transaction makes a contract, it calls none")
    head = TreeHead(arguments["size"], bytes(arguments["root"]))
    proof = [bytes(node) for node in arguments["proof"]]
    return AnchorCall(sent.tx_hash, sent.sender, sent.chain_id, sent.to, head, proof)


def contract_address(sent: SentTransaction) -> str:
    """Return the address of the contract that a transaction makes."""
    creator = bytes.fromhex(sent.sender[2:])
    return to_checksum_address(keccak(encode([creator, sent.nonce]))[-ADDRESS_BYTES:])


def anchor_data(head: TreeHead, proof: Hashes) -> str:
    """Encode a call of `CheckpointAnchor.anchor`."""
    return str(_CONTRACT.encode_abi("anchor", args=[head.size, head.root, list(proof)]))


def _anchor_arguments(data: bytes) -> dict[str, Any]:
    try:
        function, arguments = _CONTRACT.decode_function_input(data)
    except Exception as error:  # noqa: BLE001 - the decoder raises many kinds, all mean the same
        raise TransactionRefused(f"not a call of the contract: {error}") from None
    exact = function.fn_name == "anchor" and bytes.fromhex(
        _CONTRACT.encode_abi("anchor", args=list(arguments.values()))[2:]
    )
    if exact != data:
        raise TransactionRefused("not a call that anchors, in its exact form")
    return dict(arguments)
