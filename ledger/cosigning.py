"""Cosigning: the newest head is shown to every witness, and what they sign is kept.

The tables are the outbox. Sequencing never waits for it: a head is signed and served first, and
cosignatures are added below it as they come. A witness that was away is shown the newest head
when it is back, with a proof from the head that it holds.

Every head shown to witnesses also gets the log's own second signature (ML-DSA-44). What is not
renewed grows old: a head that stays the newest is cosigned again after `RENEWAL_SECONDS`, so that
a monitor can tell a quiet log from one that is hidden from it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, to_base64
from ledger.cosignature import WitnessKey, WitnessSigner, cosign, verify_cosignature
from ledger.errors import LogForked, NoteRejected, SignerUnknown, WitnessFailed
from ledger.log import Transactions, prove_consistency
from ledger.signed_checkpoint import parse_checkpoint

RENEWAL_SECONDS = 60
MOST_LINES = 16  # of one answer
SIZE_TYPE = "text/x.tlog.size"
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n", re.ASCII)
_OK, _CONFLICT = 200, 409


@dataclass(frozen=True)
class Answer:
    """What a witness answered."""

    status: int
    media_type: str
    text: str


@dataclass(frozen=True)
class Asked:
    """A witness that is asked: its address, and the keys whose cosignatures are kept."""

    address: str
    keys: tuple[WitnessKey, ...]


@dataclass(frozen=True)
class Cosigning:
    """Whose heads are cosigned, and by what means.

    Attributes:
        second: the log's own second key.
        post: sends a body to `<address>/add-checkpoint`; raises WitnessFailed.
        clock: Unix time in seconds.
    """

    reading: Transactions
    writing: Transactions
    second: WitnessSigner
    post: Callable[[str, bytes], Answer]
    clock: Callable[[], int]


def newest(cosigning: Cosigning) -> Checkpoint | None:
    """Return the head that is to be cosigned."""
    with cosigning.reading() as store:
        return store.latest_checkpoint()


def sign_again(cosigning: Cosigning, checkpoint: Checkpoint) -> None:
    """Add the log's own second signature to a checkpoint, unless a fresh one is there."""
    key = cosigning.second.key
    if is_fresh(cosigning, checkpoint, key):
        return
    line = cosign(parse_checkpoint(checkpoint.note), cosigning.second, cosigning.clock())
    _keep(cosigning, checkpoint, key, line)


def is_fresh(cosigning: Cosigning, checkpoint: Checkpoint, key: WitnessKey) -> bool:
    """Whether a key cosigned a checkpoint not long ago."""
    with cosigning.reading() as store:
        line = store.cosignatures.line_of(checkpoint.size, key.label)
    if line is None:
        return False
    at = verify_cosignature(parse_checkpoint(checkpoint.note + line), key)
    return cosigning.clock() - at < RENEWAL_SECONDS


def ask(cosigning: Cosigning, checkpoint: Checkpoint, witness: Asked) -> None:
    """Have a witness cosign a checkpoint, and keep what it signed.

    1. the proof begins at the head that it cosigned last, as far as we know
    2. it says that it holds another (409): once more, from that one
    3. of what it answers, the signatures by its pinned keys are kept, if they are good

    Raises:
        WitnessFailed: it did not cosign.
        LogForked: it holds a head that our log does not have.
    """
    with cosigning.reading() as store:
        known = max(store.cosignatures.last_size(key.label) for key in witness.keys)
    old = max(known, 0)  # 1
    answer = _submit(cosigning, checkpoint, witness, old)
    if answer.status == _CONFLICT:  # 2
        answer = _submit(cosigning, checkpoint, witness, _held(answer, old, checkpoint))
    if answer.status != _OK:
        raise WitnessFailed(f"{witness.address} answered {answer.status}")
    kept = [_keep_lines(cosigning, checkpoint, key, answer.text) for key in witness.keys]  # 3
    if not any(kept):
        raise WitnessFailed(f"{witness.address} answered without a signature by a pinned key")


def _submit(cosigning: Cosigning, checkpoint: Checkpoint, witness: Asked, old: int) -> Answer:
    with cosigning.reading() as store:
        path = prove_consistency(store, old, checkpoint.size).path
    lines = [f"old {old}", *map(to_base64, path), "", checkpoint.note]
    return cosigning.post(witness.address, "\n".join(lines).encode())


def _held(answer: Answer, old: int, checkpoint: Checkpoint) -> int:
    """Read which size a witness holds, if our log can have had it."""
    match = _SIZE.fullmatch(answer.text)
    if match is None or answer.media_type.partition(";")[0] != SIZE_TYPE:
        raise WitnessFailed("the witness does not say which size it holds")
    held = int(match[1])
    if held > checkpoint.size:
        raise LogForked(f"a witness holds {held} records, this log has only {checkpoint.size}")
    if held == old:
        raise LogForked(f"a witness holds another tree of {held} records than this one")
    return held


def _keep_lines(cosigning: Cosigning, checkpoint: Checkpoint, key: WitnessKey, text: str) -> bool:
    """Keep the cosignature of a key, if there is one among the lines of an answer."""
    lines = text.splitlines(keepends=True)
    if not text.endswith("\n") or not 1 <= len(lines) <= MOST_LINES:
        raise WitnessFailed("the witness did not answer with signature lines")
    for line in lines:
        try:
            verify_cosignature(parse_checkpoint(checkpoint.note + line), key)
        except SignerUnknown:
            continue
        except NoteRejected as error:
            raise WitnessFailed(f"the witness's signature does not hold: {error}") from None
        return _keep(cosigning, checkpoint, key, line)
    return False


def _keep(cosigning: Cosigning, checkpoint: Checkpoint, key: WitnessKey, line: str) -> bool:
    with cosigning.writing() as store:
        return store.cosignatures.keep(checkpoint.size, key.label, key.verifier_key(), line)
