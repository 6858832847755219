"""The embedded chain: a real EVM (py-evm) in this process, its blocks in one SQLite file.

A development chain: one party, nobody else keeps it, so it proves nothing that the log's own
signature does not. It exists so that the whole way from record to contract is real on a machine
without a node. It speaks JSON-RPC as any node does, behind web3's provider interface.
"""

import fcntl
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eth.abc import BlockHeaderAPI, SignedTransactionAPI
from eth.chains.base import MiningChain
from eth.consensus.applier import ConsensusApplier
from eth.consensus.noproof import NoProofConsensus
from eth.constants import POST_MERGE_DIFFICULTY, POST_MERGE_NONCE, ZERO_ADDRESS
from eth.exceptions import PyEVMError, Revert, TransactionNotFound, VMError
from eth.vm.forks.paris import ParisVM
from eth.vm.spoof import SpoofTransaction
from eth_utils.address import to_canonical_address
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException
from trie.exceptions import MissingTraversalNode, MissingTrieNode
from web3.providers.base import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from ledger.chains.key_value import SqliteDatabase, atomic
from ledger.errors import ChainDamaged, ChainLocked, ChainUnreachable

# Importing py-evm lifts the limit to 12,288 for deep calls between contracts, which ours has none
# of. With that limit a few thousand brackets crash Python's JSON reader, here and everywhere else.
PYTHON_RECURSION_LIMIT = 1000
sys.setrecursionlimit(PYTHON_RECURSION_LIMIT)

CHAIN_ID = 0x48414948  # "HAIH"; no public chain has it
GAS_LIMIT = 30_000_000
CALL_GAS = 5_000_000
FUNDS = 10**30  # the operator never runs dry
NO_MIX = bytes(32)


class DevelopmentChain(MiningChain):
    """Paris rules, no proof of work or stake, one block per transaction."""

    chain_id = CHAIN_ID
    vm_configuration = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, ParisVM),))


class EmbeddedProvider(BaseProvider):
    """Answers JSON-RPC from the embedded chain."""

    def __init__(
        self, file: Path, operator: str, *, mines: bool, clock: Callable[[], float]
    ) -> None:
        """Open the chain, or make its first block.

        Args:
            file: SQLite file that holds the chain.
            operator: address that is given funds in the first block.
            mines: whether this process may add blocks; only one may at a time.
            clock: gives the Unix time of new blocks.

        Raises:
            ChainLocked: another process mines it.
            ChainUnreachable: there is no chain yet, and this process may not make one.
        """
        super().__init__()
        if not mines and not file.exists():
            raise ChainUnreachable(f"there is no embedded chain at {file} yet")
        self._lock_file = _lock(file) if mines else None
        self._clock = clock
        self._database = SqliteDatabase(file)
        base = atomic(self._database)
        if mines and b"v1:canonical_head_hash" not in self._database:
            with self._database.transaction():
                DevelopmentChain.from_genesis(base, _genesis(int(clock())), _funded(operator))
        self._base = base
        self._methods: Mapping[str, Callable[..., Any]] = {
            "eth_chainId": lambda: hex(CHAIN_ID),
            "eth_gasPrice": self._gas_price,
            "eth_getTransactionCount": self._transaction_count,
            "eth_getCode": self._code,
            "eth_call": self._call,
            "eth_sendRawTransaction": self._send,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getBlockByNumber": self._block,
        }

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer one JSON-RPC call; all calls take turns."""
        answer = self._methods.get(method)
        if answer is None:
            return _error(-32601, f"the embedded chain has no method {method}")
        try:
            with self._database.lock:
                return {"jsonrpc": "2.0", "id": 1, "result": answer(*params)}
        except (VMError, ValidationError) as error:
            return _error(3 if isinstance(error, Revert) else -32000, str(error))
        except (PyEVMError, RLPException, MissingTrieNode, MissingTraversalNode, KeyError) as error:
            raise ChainDamaged(f"the embedded chain lacks a part: {error}") from None

    def is_connected(self, show_traceback: bool = False) -> bool:  # noqa: ARG002, FBT001, FBT002
        """Say that there is no connection that could break."""
        return True

    def close(self) -> None:
        """Close the file and let another process mine."""
        self._database.close()
        if self._lock_file is not None:
            self._lock_file.close()

    # Reading: always from the head that is in the file now, another process may have moved it.

    def _chain(self) -> Any:  # its narrow types (Hash32, BlockNumber) would only add casts
        return DevelopmentChain(self._base)

    def _state(self) -> Any:
        chain = self._chain()
        return chain.get_vm(chain.get_canonical_head()).state

    def _gas_price(self) -> str:
        return hex(self._chain().header.base_fee_per_gas)

    def _transaction_count(self, address: str, _block: str) -> str:
        return hex(self._state().get_nonce(to_canonical_address(address)))

    def _code(self, address: str, _block: str) -> str:
        return _hex(self._state().get_code(to_canonical_address(address)))

    def _call(self, call: Mapping[str, str], _block: str) -> str:
        chain = self._chain()
        head = chain.get_canonical_head()
        unsigned = chain.create_unsigned_transaction(
            nonce=0,
            gas_price=0,
            gas=CALL_GAS,
            to=to_canonical_address(call["to"]),
            value=0,
            data=bytes.fromhex(call["data"][2:]),
        )
        return _hex(
            chain.get_transaction_result(SpoofTransaction(unsigned, from_=ZERO_ADDRESS), head)
        )

    def _receipt(self, tx_hash: str) -> Any:
        chain = self._chain()
        try:
            number, index = chain.get_canonical_transaction_index(bytes.fromhex(tx_hash[2:]))
        except TransactionNotFound:
            return None
        found = chain.get_canonical_transaction_by_index(number, index)
        if _hex(found.hash) != tx_hash:
            raise ChainDamaged(f"the index of transaction {tx_hash} points to another")
        receipt = chain.get_transaction_receipt_by_index(number, index)
        return _describe(chain.get_canonical_block_header_by_number(number), found, receipt)

    def _block(self, number: str, _full: bool) -> Mapping[str, Any]:  # noqa: FBT001 - positional in JSON-RPC
        chain = self._chain()
        if number == "latest":
            header = chain.get_canonical_head()
        else:
            header = chain.get_canonical_block_header_by_number(int(number, 16))
        return {
            "number": hex(header.block_number),
            "hash": _hex(header.hash),
            "timestamp": hex(header.timestamp),
        }

    # Writing: one transaction is one block.

    def _send(self, raw: str) -> str:
        if self._lock_file is None:
            raise ChainLocked("this process only reads the embedded chain")
        with self._database.transaction():
            chain = self._chain()
            builder = chain.get_vm_class(chain.header).get_transaction_builder()
            transaction: SignedTransactionAPI = builder.decode(bytes.fromhex(raw[2:]))
            chain.set_header_timestamp(max(chain.header.timestamp, int(self._clock())))
            chain.apply_transaction(transaction)
            chain.mine_block(mix_hash=NO_MIX)
        return _hex(transaction.hash)


def _lock(file: Path) -> Any:
    """Take the right to mine; the operating system gives it back when the process dies."""
    handle = file.with_suffix(".lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise ChainLocked(f"another process mines the embedded chain at {file}") from None
    return handle


def _genesis(now: int) -> dict[str, Any]:
    return {
        "coinbase": ZERO_ADDRESS,
        "difficulty": POST_MERGE_DIFFICULTY,
        "extra_data": b"haihe",
        "gas_limit": GAS_LIMIT,
        "mix_hash": NO_MIX,
        "nonce": POST_MERGE_NONCE,
        "timestamp": now,
    }


def _funded(operator: str) -> dict[Any, Any]:
    account = {"balance": FUNDS, "nonce": 0, "code": b"", "storage": {}}
    return {to_canonical_address(operator): account}


def _describe(header: BlockHeaderAPI, transaction: SignedTransactionAPI, receipt: Any) -> Any:
    return {
        "transactionHash": _hex(transaction.hash),
        "blockNumber": hex(header.block_number),
        "blockHash": _hex(header.hash),
        "status": "0x1" if receipt.state_root == b"\x01" else "0x0",
        "gasUsed": hex(receipt.gas_used),
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _error(code: int, message: str) -> RPCResponse:
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}


def wall_clock() -> float:
    """Give the Unix time."""
    return time.time()
