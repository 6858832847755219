"""Any EVM node, reached by JSON-RPC over HTTP."""

from web3 import HTTPProvider
from web3.providers.rpc.utils import ExceptionRetryConfiguration

from ledger.chains.client import EvmChain

TIMEOUT_SECONDS = 5


def open_json_rpc(url: str, key: bytes) -> EvmChain:
    """Prepare to ask a node; it may be away now and come back.

    Args:
        url: its http(s) address.
        key: the operator's secp256k1 key, 32 secret bytes. It never leaves this process.
    """
    once = ExceptionRetryConfiguration(errors=(ConnectionError,), retries=1)
    provider = HTTPProvider(
        url, request_kwargs={"timeout": TIMEOUT_SECONDS}, exception_retry_configuration=once
    )
    return EvmChain(provider, key, "json-rpc", independent=True, close=lambda: None)
