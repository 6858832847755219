"""Checkpoints with any number of signatures, read but not believed (C2SP signed-note)."""

import re
from dataclasses import dataclass

from ledger.checkpoint import EM_DASH, KEY_ID_BYTES, LogKey, TreeHead, from_base64
from ledger.errors import NoteRejected, SignerUnknown
from ledger.merkle import HASH_BYTES

MOST_SIGNATURES = 64
MOST_RECORDS = 2**63 - 1  # what a column of the store can hold
KEY_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True)
class NoteSignature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint with all its signatures, read but not believed.

    Attributes:
        body: what is signed, with the newline at its end.
    """

    body: str
    origin: str
    head: TreeHead
    signatures: tuple[NoteSignature, ...]

    def signatures_of(self, name: str, key_id: bytes) -> list[NoteSignature]:
        """Return the signatures that say they are by a key."""
        return [one for one in self.signatures if (one.name, one.key_id) == (name, key_id)]


def parse_checkpoint(note: str) -> SignedCheckpoint:
    """Read a checkpoint with any number of signatures, also with lines of its log's own.

    Raises:
        NoteRejected: it is malformed.
    """
    body, empty, below = note.rpartition("\n\n")
    lines = body.split("\n")
    signatures = below.split("\n")
    if not empty or len(lines) < 3 or "" in lines or signatures.pop() != "":
        raise NoteRejected("a checkpoint has origin, size, root, an empty line and signatures")
    if not 1 <= len(signatures) <= MOST_SIGNATURES or not _SIZE.fullmatch(lines[1]):
        raise NoteRejected("the checkpoint's size or number of signatures cannot be")
    root = from_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise NoteRejected("the root is not a SHA-256 hash")
    head = TreeHead(int(lines[1]), root)
    if head.size > MOST_RECORDS:
        raise NoteRejected("no log has so many records")
    return SignedCheckpoint(body + "\n", lines[0], head, tuple(map(parse_line, signatures)))


def parse_line(line: str) -> NoteSignature:
    """Read a signature line, without the newline at its end.

    Raises:
        NoteRejected: it is malformed.
    """
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != EM_DASH or not KEY_NAME.fullmatch(name):
        raise NoteRejected("a signature line reads: dash, name, signature")
    data = from_base64(encoded)
    if len(data) <= KEY_ID_BYTES:
        raise NoteRejected("a signature follows the four bytes of its key's id")
    return NoteSignature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def verify_log_signature(checkpoint: SignedCheckpoint, key: LogKey) -> None:
    """Check that the pinned log key signed a checkpoint; other signatures do not count.

    Raises:
        NoteRejected: a signature in the key's name is bad.
        SignerUnknown: none is by this key, or the checkpoint is of another log.
    """
    mine = checkpoint.signatures_of(key.origin, key.key_id)
    if checkpoint.origin != key.origin or not mine:
        raise SignerUnknown("the checkpoint is not signed by the pinned log key")
    for one in mine:
        key.verify(checkpoint.body.encode(), one.signature)


def read_checkpoint(note: str, key: LogKey) -> SignedCheckpoint:
    """Read a checkpoint that the pinned log key signed, whoever signed it besides.

    Raises:
        NoteRejected: it is malformed, or a signature in the key's name is bad.
        SignerUnknown: it is not signed by this key.
    """
    checkpoint = parse_checkpoint(note)
    verify_log_signature(checkpoint, key)
    return checkpoint
