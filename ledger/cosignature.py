"""Cosignatures: a witness says which head of a log it saw, and when (C2SP tlog-cosignature).

A witness signs the time and the whole text of a checkpoint, and its signature stands below the
log's own. Its key has another type byte than a log's, so neither can pass for the other.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.checkpoint import EM_DASH, KEY_ID_BYTES, LogKey, TreeHead, from_base64, to_base64
from ledger.errors import NoteRejected, SignerUnknown
from ledger.merkle import HASH_BYTES

COSIGNATURE = b"\x04"  # signature type of the note specification
TIME_BYTES = 8
SIGNATURE_BYTES = 64
MOST_SIGNATURES = 64
MOST_RECORDS = 2**63 - 1  # what a column of the store can hold
_NAME = re.compile(r"[^\s+]+")
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


@dataclass(frozen=True)
class WitnessKey:
    """The public half of a witness's key, under its name."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First four bytes of the hash over name, type and key."""
        data = self.name.encode() + b"\n" + COSIGNATURE + self.public
        return sha256(data).digest()[:KEY_ID_BYTES]

    def verifier_key(self) -> str:
        """Write the key as people pin it: `name+id+key`."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(COSIGNATURE + self.public)}"


@dataclass(frozen=True)
class WitnessSigner:
    """A witness's key, able to sign."""

    name: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> WitnessKey:
        """The public half."""
        return WitnessKey(self.name, self.private.public_key().public_bytes_raw())


def make_witness(name: str, seed: bytes) -> WitnessSigner:
    """Make a witness's signer from 32 secret bytes.

    Raises:
        NoteRejected: the name cannot stand in a note.
    """
    if not _NAME.fullmatch(name):
        raise NoteRejected(f"{name!r} cannot name a witness: no space and no plus sign")
    return WitnessSigner(name, Ed25519PrivateKey.from_private_bytes(seed))


def parse_witness_key(text: str) -> WitnessKey:
    """Read a pinned key `name+id+key` of a witness.

    Raises:
        NoteRejected: it is malformed, of another type, or the id is not that of the key.
    """
    parts = text.split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise NoteRejected("a witness key reads name+id+key")
    data = from_base64(parts[2])
    key = WitnessKey(parts[0], data[1:])
    if data[:1] != COSIGNATURE or len(data) != 33 or key.key_id.hex() != parts[1]:
        raise NoteRejected("the witness key's id does not fit its key")
    return key


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
    return SignedCheckpoint(body + "\n", lines[0], head, tuple(map(_parse_line, signatures)))


def _parse_line(line: str) -> NoteSignature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != EM_DASH or not _NAME.fullmatch(name):
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
    mine = [one for one in checkpoint.signatures if (one.name, one.key_id) == _id(key)]
    if checkpoint.origin != key.origin or not mine:
        raise SignerUnknown("the checkpoint is not signed by the pinned log key")
    for one in mine:
        key.verify(checkpoint.body.encode(), one.signature)


def _id(key: LogKey) -> tuple[str, bytes]:
    return key.origin, key.key_id


def cosign(checkpoint: SignedCheckpoint, signer: WitnessSigner, at: int) -> str:
    """Write the signature line of a witness.

    Args:
        checkpoint: found consistent with everything signed before.
        signer: the witness.
        at: Unix seconds.
    """
    signed = signer.private.sign(_message(checkpoint.body, at))
    line = to_base64(signer.key.key_id + at.to_bytes(TIME_BYTES, "big") + signed)
    return f"{EM_DASH} {signer.name} {line}\n"


def verify_cosignature(checkpoint: SignedCheckpoint, key: WitnessKey) -> int:
    """Check that a witness cosigned a checkpoint, return when it did, in Unix seconds.

    Raises:
        SignerUnknown: no signature is by this key.
        NoteRejected: the signature is malformed or bad.
    """
    wanted = (key.name, key.key_id)
    found = next((one for one in checkpoint.signatures if (one.name, one.key_id) == wanted), None)
    if found is None:
        raise SignerUnknown(f"the checkpoint is not cosigned by {key.name}")
    if len(found.signature) != TIME_BYTES + SIGNATURE_BYTES:
        raise NoteRejected("a cosignature is 8 bytes of time and 64 of signature")
    at = int.from_bytes(found.signature[:TIME_BYTES], "big")
    try:
        public = Ed25519PublicKey.from_public_bytes(key.public)
        public.verify(found.signature[TIME_BYTES:], _message(checkpoint.body, at))
    except (InvalidSignature, ValueError):
        raise NoteRejected(f"the cosignature is not by {key.name}") from None
    return at


def _message(body: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{body}".encode()
