"""Signed checkpoints: C2SP signed notes with Ed25519 (c2sp.org/signed-note, /tlog-checkpoint).

A checkpoint is the log's promise "my first `size` records hash to `root`", as text that public
transparency tooling reads:

    example.gov/haihe
    42
    qINS1GRFiLFQ9Pd+...=

    — example.gov/haihe az3grlgtzPICa5OS8npVmf1M...=
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.errors import NoteRejected
from ledger.merkle import HASH_BYTES

ED25519 = b"\x01"  # signature type of the note specification
KEY_ID_BYTES = 4
EM_DASH = "—"
_ORIGIN = re.compile(r"[^\s+]+")


@dataclass(frozen=True)
class TreeHead:
    """Size and root of a tree."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A signed tree head as stored, linked to the one before it."""

    size: int
    previous_size: int
    root: bytes
    note: str

    @property
    def head(self) -> TreeHead:
        """What it promises."""
        return TreeHead(self.size, self.root)


@dataclass(frozen=True)
class LogKey:
    """The public half of a log's key, under the name of its log."""

    origin: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First four bytes of the hash over name, type and key."""
        return sha256(self.origin.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_BYTES]

    def verifier_key(self) -> str:
        """Write the key as people pin it: `name+id+key`."""
        return f"{self.origin}+{self.key_id.hex()}+{to_base64(ED25519 + self.public)}"

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check a bare signature of the log.

        Raises:
            NoteRejected: it is not by this key over this message.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise NoteRejected("the signature is not by the pinned log key") from None


@dataclass(frozen=True)
class LogSigner:
    """A log's key, able to sign."""

    origin: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> LogKey:
        """The public half."""
        return LogKey(self.origin, self.private.public_key().public_bytes_raw())


def make_signer(origin: str, seed: bytes) -> LogSigner:
    """Make a log's signer from 32 secret bytes.

    Args:
        origin: unique name of the log: the issuer's address without scheme, no space, no plus.
        seed: Ed25519 private key (RFC 8032 section 5.1.5).

    Raises:
        NoteRejected: the name cannot stand in a note.
    """
    if not _ORIGIN.fullmatch(origin):
        raise NoteRejected(f"{origin!r} cannot name a log: no space and no plus sign")
    return LogSigner(origin, Ed25519PrivateKey.from_private_bytes(seed))


def origin_of(issuer: str) -> str:
    """Name the log of an issuer: its address without scheme, and `/ledger`."""
    return issuer.split("://", 1)[-1].rstrip("/") + "/ledger"


def parse_verifier_key(text: str) -> LogKey:
    """Read a pinned key `name+id+key`.

    Raises:
        NoteRejected: it is malformed, or the id is not that of the key.
    """
    parts = text.split("+", 2)
    if len(parts) != 3 or not _ORIGIN.fullmatch(parts[0]):
        raise NoteRejected("a verifier key reads name+id+key")
    data = from_base64(parts[2])
    key = LogKey(parts[0], data[1:])
    if data[:1] != ED25519 or len(data) != 33 or key.key_id.hex() != parts[1]:
        raise NoteRejected("the verifier key's id does not fit its key")
    return key


def sign_checkpoint(head: TreeHead, signer: LogSigner) -> str:
    """Write and sign a checkpoint."""
    body = _body(signer.origin, head)
    signature = signer.key.key_id + signer.private.sign(body.encode())
    return f"{body}\n{EM_DASH} {signer.origin} {to_base64(signature)}\n"


def open_checkpoint(note: str, key: LogKey) -> TreeHead:
    """Check a checkpoint's form and signature, return what it promises.

    The note must be, to the byte, what this log writes: one signature, no extension lines.

    Raises:
        NoteRejected: malformed, of another log, or not signed by `key`.
    """
    head = _parse_body(note)
    body = _body(key.origin, head)
    prefix = f"{body}\n{EM_DASH} {key.origin} "
    if not note.startswith(prefix) or not note.endswith("\n"):
        raise NoteRejected("the checkpoint is of another log, or not in its exact form")
    signature = from_base64(note[len(prefix) : -1])
    if signature[:KEY_ID_BYTES] != key.key_id:
        raise NoteRejected("the checkpoint is signed by another key")
    key.verify(body.encode(), signature[KEY_ID_BYTES:])
    return head


def _body(origin: str, head: TreeHead) -> str:
    return f"{origin}\n{head.size}\n{to_base64(head.root)}\n"


def _parse_body(note: str) -> TreeHead:
    lines = note.split("\n")
    if len(lines) != 6 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise NoteRejected("a checkpoint has origin, size, root, an empty line and one signature")
    root = from_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise NoteRejected("the root is not a SHA-256 hash")
    return TreeHead(int(lines[1]), root)


def to_base64(data: bytes) -> str:
    """Write bytes as notes do (RFC 4648 section 4)."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """Read bytes from their one spelling.

    Raises:
        NoteRejected: it is not base64, or spelled in another way.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteRejected("not base64") from None
    if to_base64(data) != text:
        raise NoteRejected("not the canonical spelling of base64")
    return data
