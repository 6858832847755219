"""What a monitor remembers between rounds: one file, replaced whole or not at all."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ledger.canonical import Json, canonical, decode_bytes, encode_bytes, parse_object
from ledger.checkpoint import LogKey
from ledger.errors import LedgerError
from ledger.following import Followed, Heard
from ledger.merkle import Span, root_of, subtrees
from ledger.signed_checkpoint import read_checkpoint

FORMAT = "haihe-monitor-1"


class StateUnreadable(Exception):
    """The state file is not what a monitor wrote: nothing can be compared with it."""


@dataclass(frozen=True)
class State:
    """A state file, read.

    Attributes:
        key: the log's pinned key.
        contract: chain id and address of its contract, if they are known.
        raised: alarms that were raised and have not ended.
    """

    key: LogKey
    seen: Followed = field(default_factory=Followed)
    contract: tuple[int, str] | None = None
    raised: tuple[str, ...] = ()


def read_state(path: Path, key: LogKey) -> State:
    """Read a state file; that of a new monitor is empty.

    Raises:
        StateUnreadable: it is damaged, or follows another log.
    """
    if not path.exists():
        return State(key)
    try:
        value = parse_object(path.read_bytes())
        if value["format"] != FORMAT or value["log_key"] != key.verifier_key():
            raise StateUnreadable(f"{path} follows another log, or has another form")
        return _state(value, key)
    except (OSError, LedgerError, KeyError, TypeError, ValueError) as error:
        raise StateUnreadable(f"{path} cannot be read: {error!r}") from None


def _state(value: Mapping[str, Json], key: LogKey) -> State:
    note = str(value["note"])
    frontier = tuple(decode_bytes(one) for one in _list(value["frontier"]))
    heard = _heard(value["heard"])
    raised = tuple(str(one) for one in _list(value["raised"]))
    contract = _contract(value["contract"])
    if not note:
        return State(key, Followed(heard=heard), contract, raised)
    head = read_checkpoint(note, key).head
    if len(frontier) != len(subtrees(Span(0, head.size))) or root_of(frontier) != head.root:
        raise ValueError("the edge does not lead to the root")
    return State(key, Followed(head.size, head.root, frontier, note, heard), contract, raised)


def _heard(value: Json) -> Mapping[str, Heard]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    pairs = {name: _list(pair) for name, pair in value.items()}
    return {name: Heard(_whole(size), _whole(at)) for name, (size, at) in pairs.items()}


def _contract(value: Json) -> tuple[int, str] | None:
    if value is None:
        return None
    chain_id, address = _list(value)
    return _whole(chain_id), str(address)


def _whole(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError("not a whole number")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def write_state(path: Path, state: State) -> None:
    """Replace the state file."""
    seen = state.seen
    data = canonical(
        {
            "format": FORMAT,
            "log_key": state.key.verifier_key(),
            "note": seen.note,
            "frontier": [encode_bytes(node) for node in seen.frontier],
            "heard": {name: [one.size, one.at] for name, one in seen.heard.items()},
            "contract": list(state.contract) if state.contract else None,
            "raised": list(state.raised),
        }
    )
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)  # the commit point of a round


def write_proof(path: Path, kind: str, notes: tuple[str, ...], size: int) -> Path:
    """Write the signed heads that prove an alarm beside the state file."""
    proof = path.with_name(f"{path.name}.{kind}-{size}.json")
    proof.write_text(json.dumps(list(notes), ensure_ascii=False, indent=1), "utf-8")
    return proof
