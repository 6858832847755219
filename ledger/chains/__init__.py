"""Chains that can hold the contract: one module each, one line in the registry.

    embedded    a development chain in this process, in one file
    json-rpc    any EVM node by HTTP

`open_chain` picks by the setting: the word `embedded`, or the address of a node.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account

from ledger.chains.chain import Chain
from ledger.chains.client import EvmChain
from ledger.chains.embedded import EmbeddedProvider, wall_clock
from ledger.chains.json_rpc import open_json_rpc

EMBEDDED = "embedded"
FILE_NAME = "chain.sqlite"


@dataclass(frozen=True)
class ChainSetup:
    """What a back-end may need to open.

    Attributes:
        url: the setting: `embedded`, or a node's address.
        folder: where the embedded chain's file lies.
        key: the operator's secp256k1 key, 32 secret bytes.
        mines: whether this process may write; audits only read.
        clock: Unix time for the embedded chain's blocks.
    """

    url: str
    folder: Path
    key: bytes
    mines: bool = True
    clock: Callable[[], float] = wall_clock


def _open_embedded(setup: ChainSetup) -> Chain:
    operator = Account.from_key(setup.key).address
    file = setup.folder / FILE_NAME
    provider = EmbeddedProvider(file, operator, mines=setup.mines, clock=setup.clock)
    return EvmChain(provider, setup.key, EMBEDDED, independent=False, close=provider.close)


def _open_json_rpc(setup: ChainSetup) -> Chain:
    return open_json_rpc(setup.url, setup.key)


CHAINS: Mapping[str, Callable[[ChainSetup], Chain]] = {
    EMBEDDED: _open_embedded,
    "json-rpc": _open_json_rpc,
}


def open_chain(setup: ChainSetup) -> Chain:
    """Open the chain that the settings name.

    Raises:
        ChainLocked: another process mines the embedded chain.
        ChainUnreachable: there is no embedded chain to read yet.
    """
    return CHAINS[EMBEDDED if setup.url == EMBEDDED else "json-rpc"](setup)
