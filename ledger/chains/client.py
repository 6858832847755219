"""One client for every EVM chain, whatever carries its JSON-RPC.

Transactions are of the oldest kind (EIP-155): every node of the last ten years takes them, the
free-gas consortium chains too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from eth_account import Account
from eth_typing import ChecksumAddress, HexStr
from eth_utils.address import to_checksum_address
from requests.exceptions import RequestException
from web3 import Web3
from web3.exceptions import TransactionNotFound, Web3Exception, Web3RPCError
from web3.providers.base import BaseProvider
from web3.types import TxParams

from ledger.chains.artefact import ABI, BYTECODE, DEPLOYED_BYTECODE
from ledger.chains.chain import Receipt, SignedTransaction
from ledger.chains.transactions import anchor_data, read_transaction
from ledger.checkpoint import TreeHead
from ledger.errors import ChainError, ChainUnreachable, TransactionRefused, TransactionReplaced
from ledger.merkle import Hashes

DEPLOYMENT_GAS = 1_500_000
ANCHOR_GAS = 120_000
GAS_PER_HASH = 4_000


class EvmChain:
    """A chain reached through a web3 provider, with the operator's key held here."""

    def __init__(
        self,
        provider: BaseProvider,
        key: bytes,
        name: str,
        *,
        independent: bool,
        close: Callable[[], None],
    ) -> None:
        """Prepare; the node is asked for the first time when something is needed of it.

        Args:
            provider: carries JSON-RPC.
            key: the operator's secp256k1 key, 32 secret bytes.
            name: registry name of the back-end.
            independent: whether others keep this chain too.
            close: gives back what the provider holds.
        """
        self.name = name
        self.independent = independent
        self.close = close
        self._account = Account.from_key(key)
        self._eth = Web3(provider, middleware=[]).eth
        self._chain_id: int | None = None

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id, asked of the node once.

        Raises:
            ChainUnreachable: it was never reached yet.
        """
        if self._chain_id is None:
            with _answering():
                self._chain_id = int(self._eth.chain_id)
        return self._chain_id

    @property
    def operator(self) -> str:
        """Checksummed address whose key signs here."""
        return str(self._account.address)

    def sign_deployment(self) -> SignedTransaction:
        """Sign the making of a contract whose only operator is ours."""
        contract = self._eth.contract(abi=ABI, bytecode=HexStr(BYTECODE))
        data = contract.constructor([self.operator]).data_in_transaction
        return self._sign({"data": data, "gas": DEPLOYMENT_GAS})

    def sign_anchor(self, contract: str, head: TreeHead, proof: Hashes) -> SignedTransaction:
        """Sign the anchoring of a tree head."""
        gas = ANCHOR_GAS + GAS_PER_HASH * len(proof)
        data = HexStr(anchor_data(head, proof))
        return self._sign({"to": _address(contract), "data": data, "gas": gas})

    def _sign(self, call: TxParams) -> SignedTransaction:
        with _answering():
            price = self._eth.gas_price
            nonce = self._eth.get_transaction_count(self._account.address, "latest")
        signed = self._account.sign_transaction(
            {**call, "value": 0, "nonce": nonce, "gasPrice": price, "chainId": self.chain_id}
        )
        return SignedTransaction(bytes(signed.hash), bytes(signed.raw_transaction))

    def send(self, transaction: SignedTransaction) -> None:
        """Hand a transaction over; does nothing if the chain has it already.

        Raises:
            TransactionReplaced: it can never be included: its nonce is taken by another.
            TransactionRefused: the node does not take it as things stand.
            ChainUnreachable: nobody answered.
        """
        if self.receipt(transaction.tx_hash) is not None:
            return
        sent = read_transaction(transaction.raw)
        with _answering():
            if self._eth.get_transaction_count(_address(sent.sender), "latest") > sent.nonce:
                raise TransactionReplaced("another transaction took the place of this one")
            try:
                self._eth.send_raw_transaction(transaction.raw)
            except Web3RPCError as error:
                if (
                    "already" not in str(error).lower()
                ):  # every node says "already known" its own way
                    raise TransactionRefused(
                        f"the chain refused the transaction: {error}"
                    ) from None

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """Find a transaction that was included."""
        with _answering():
            try:
                found: Any = self._eth.get_transaction_receipt(HexStr("0x" + tx_hash.hex()))
            except TransactionNotFound:
                return None
        return Receipt(
            bytes(found["transactionHash"]),
            int(found["blockNumber"]),
            bytes(found["blockHash"]),
            succeeded=found["status"] == 1,
            gas_used=int(found["gasUsed"]),
        )

    def has_contract(self, contract: str) -> bool:
        """Whether this very contract, code and operator, is at the address."""
        with _answering():
            if bytes(self._eth.get_code(_address(contract))) != DEPLOYED_BYTECODE:
                return False
        return bool(self._read(contract, "isOperator", self.operator))

    def head(self, contract: str) -> TreeHead:
        """Read the head that a contract holds."""
        root, size, _ = self._read(contract, "head")
        return TreeHead(int(size), bytes(root))

    def block_time(self, number: int) -> int:
        """Unix time of a block."""
        with _answering():
            return int(self._eth.get_block(number)["timestamp"])

    def _read(self, contract: str, function: str, *arguments: object) -> Any:
        held = self._eth.contract(address=_address(contract), abi=ABI)
        with _answering():
            data = held.encode_abi(function, args=arguments)
            answer = self._eth.call({"to": _address(contract), "data": data})
            output = held.get_function_by_name(function).abi["outputs"]
            values = self._eth.codec.decode([value["type"] for value in output], answer)
        return values[0] if len(values) == 1 else values


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what web3 raises into errors of the ledger."""
    try:
        yield
    except RequestException as error:
        raise ChainUnreachable(
            f"the chain's node does not answer: {type(error).__name__}"
        ) from None
    except Web3Exception as error:
        raise ChainError(f"the chain's node answered with an error: {error}") from None


def _address(text: str) -> ChecksumAddress:
    return to_checksum_address(text)
