"""A witness: cosigns a log's head only if it extends the head cosigned last (C2SP tlog-witness)."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ledger.checkpoint import LogKey, TreeHead, from_base64
from ledger.cosignature import WitnessSigner, cosign
from ledger.errors import HeadConflict, LogUnknown, NoteRejected, SignerUnknown
from ledger.merkle import ConsistencyProof, verify_consistency
from ledger.signed_checkpoint import SignedCheckpoint, parse_checkpoint, verify_log_signature
from ledger.store.witnessed import WitnessStore

MOST_HASHES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class Submission:
    """A head that is to be cosigned."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: SignedCheckpoint


@dataclass(frozen=True)
class Witness:
    """Who cosigns, and for which logs.

    Attributes:
        signers: one for each kind of cosignature; all of them sign each head.
        logs: keys of the logs that are followed, by origin.
        reading: opens a transaction that reads.
        writing: opens a transaction that is committed, durably, when its block ends.
    """

    signers: tuple[WitnessSigner, ...]
    logs: Mapping[str, LogKey]
    reading: Callable[[], AbstractContextManager[WitnessStore]]
    writing: Callable[[], AbstractContextManager[WitnessStore]]


def parse_submission(body: bytes) -> Submission:
    """Read the body of `add-checkpoint`.

    Raises:
        NoteRejected: it is malformed.
    """
    try:
        above, empty, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise NoteRejected("the request is not UTF-8") from None
    first, *hashes = above.split("\n")
    old = _OLD.fullmatch(first)
    if not empty or old is None or len(hashes) > MOST_HASHES:
        raise NoteRejected("a request has an old size, up to 63 hashes, an empty line and a note")
    return Submission(int(old[1]), tuple(map(from_base64, hashes)), parse_checkpoint(note))


def add_checkpoint(witness: Witness, submission: Submission, at: int) -> str:
    """Cosign a head that extends the one cosigned last.

    1. the log is followed, and signed the checkpoint itself
    2. the old size is not above the new one
    3. it is the size of the head held
    4. the proof leads from the head held to the new one
    5. one statement replaces the head held by the new one, if it is still held

    Args:
        witness: who cosigns.
        submission: what was asked.
        at: Unix seconds.

    Raises:
        LogUnknown: the log is not followed.
        SignerUnknown: its key did not sign this.
        NoteRejected: the old size is above the new one.
        HeadConflict: another head is held.
        ProofRejected: the new head does not extend the one held.
    """
    checkpoint, new = submission.checkpoint, submission.checkpoint.head
    _check_signer(witness, checkpoint)  # 1
    if submission.old_size > new.size:  # 2
        raise NoteRejected("the old size is above the size of the checkpoint")
    with witness.reading() as store:
        held = store.held(checkpoint.origin)
    _check_extends(held, submission)  # 3, 4
    with witness.writing() as store:
        if not store.advance(checkpoint.origin, held, new):  # 5
            raise HeadConflict(store.held(checkpoint.origin).size)
    # The commit point: what is cosigned below is on the disk, so no restart forgets it.
    return "".join(cosign(checkpoint, signer, at) for signer in witness.signers)


def _check_signer(witness: Witness, checkpoint: SignedCheckpoint) -> None:
    key = witness.logs.get(checkpoint.origin)
    if key is None:
        raise LogUnknown("this witness does not follow a log of this name")
    try:
        verify_log_signature(checkpoint, key)
    except NoteRejected as error:
        raise SignerUnknown(str(error)) from None


def _check_extends(held: TreeHead, submission: Submission) -> None:
    new = submission.checkpoint.head
    if submission.old_size != held.size or (held.size == new.size and held.root != new.root):
        raise HeadConflict(held.size)
    proof = ConsistencyProof(held.size, new.size, submission.proof)
    verify_consistency(proof, held.root, new.root)
