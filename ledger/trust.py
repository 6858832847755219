"""What a verifier pins: everything else in an evidence file is checked against it."""

import re
from dataclasses import dataclass

from ledger.canonical import Json, canonical, parse_object
from ledger.checkpoint import LogKey, parse_verifier_key
from ledger.errors import NotCanonical, NoteRejected, TrustUnreadable

FORMAT = "haihe-trust-1"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True)
class Trust:
    """What somebody got from the city on a way they trust.

    Attributes:
        log_key: key and name of the log.
        chain_id: chain that holds the contract.
        contract: address of the contract.
        operators: addresses that may anchor there.
        independent: whether others than the city keep that chain.
        roots: PEM certificates that licences chain to; the ledger only carries them.
    """

    log_key: LogKey
    chain_id: int
    contract: str
    operators: tuple[str, ...]
    independent: bool
    roots: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Write it as a JSON object."""
        return {
            "format": FORMAT,
            "log_key": self.log_key.verifier_key(),
            "chain_id": self.chain_id,
            "contract": self.contract,
            "operators": self.operators,
            "independent": self.independent,
            "roots": self.roots,
        }

    def encode(self) -> bytes:
        """Write it as a file."""
        return canonical(self.to_json())


def parse_trust(data: bytes) -> Trust:
    """Read a trust file.

    Raises:
        TrustUnreadable: it is malformed; the message says where.
    """
    try:
        value = parse_object(data.strip())
        if value.get("format") != FORMAT:
            raise TrustUnreadable(f"not a trust file of format {FORMAT}")
        return Trust(
            log_key=parse_verifier_key(str(value.get("log_key"))),
            chain_id=_whole(value.get("chain_id")),
            contract=_address(value.get("contract")),
            operators=tuple(_address(one) for one in _list(value.get("operators"))),
            independent=value.get("independent") is True,
            roots=tuple(str(one) for one in _list(value.get("roots"))),
        )
    except (NotCanonical, NoteRejected) as error:
        raise TrustUnreadable(f"the trust file is malformed: {error}") from None


def _whole(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TrustUnreadable("chain_id is a whole number")
    return value


def _address(value: Json) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise TrustUnreadable(f"{value!r} is not the address of a contract or an account")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TrustUnreadable("operators and roots are lists")
    return value
