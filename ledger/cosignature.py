"""Cosignatures: who saw which head of a log, and when (C2SP tlog-cosignature).

A cosigner signs a head and the time, and its signature stands below the log's own. There are two
kinds, Ed25519 and ML-DSA-44 (FIPS 204), each with a type byte of its own in the key's id, so
neither can pass for the other nor for a log's plain signature. A log cosigns its own heads with
ML-DSA-44: that is its second signature, which a quantum computer does not forge.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger.checkpoint import EM_DASH, KEY_ID_BYTES, from_base64, to_base64
from ledger.errors import NoteRejected, SignerUnknown
from ledger.signed_checkpoint import KEY_NAME, SignedCheckpoint

ED25519 = b"\x04"  # signature types of the note specification
ML_DSA_44 = b"\x06"
TIME_BYTES = 8
LATEST = 2**63 - 1  # no cosignature may name a later time
MOST_NAME_BYTES = 255
_LABEL = b"subtree/v1\n\x00"

Private = Ed25519PrivateKey | MLDSA44PrivateKey


@dataclass(frozen=True)
class _Kind:
    """One kind of cosignature.

    Attributes:
        title: as people call it.
        message: what is signed by a name at a time.
        check: verifies a signature with a public key; raises InvalidSignature or ValueError.
    """

    title: str
    key_bytes: int
    signature_bytes: int
    message: Callable[[str, int, SignedCheckpoint], bytes]
    check: Callable[[bytes, bytes, bytes], None]
    load: Callable[[bytes], Private]


def _ed25519_message(_name: str, at: int, checkpoint: SignedCheckpoint) -> bytes:
    return f"cosignature/v1\ntime {at}\n{checkpoint.body}".encode()


def _ml_dsa_message(name: str, at: int, checkpoint: SignedCheckpoint) -> bytes:
    head = checkpoint.head
    return b"".join(
        (
            _LABEL,
            _counted(name),
            at.to_bytes(TIME_BYTES, "big"),
            _counted(checkpoint.origin),
            bytes(8),  # a checkpoint begins at the first leaf
            head.size.to_bytes(8, "big"),
            head.root,
        )
    )


def _counted(text: str) -> bytes:
    data = text.encode()
    if len(data) > MOST_NAME_BYTES:
        raise NoteRejected(f"a name has at most {MOST_NAME_BYTES} bytes")
    return bytes([len(data)]) + data


def _check_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)


def _check_ml_dsa(public: bytes, signature: bytes, message: bytes) -> None:
    MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)


KINDS: Mapping[bytes, _Kind] = {
    ED25519: _Kind(
        "Ed25519", 32, 64, _ed25519_message, _check_ed25519, Ed25519PrivateKey.from_private_bytes
    ),
    ML_DSA_44: _Kind(
        "ML-DSA-44", 1312, 2420, _ml_dsa_message, _check_ml_dsa, MLDSA44PrivateKey.from_seed_bytes
    ),
}


@dataclass(frozen=True)
class WitnessKey:
    """The public half of a cosigner's key, under its name.

    Attributes:
        kind: signature type of the note specification.
    """

    name: str
    public: bytes
    kind: bytes = ED25519

    @property
    def key_id(self) -> bytes:
        """First four bytes of the hash over name, type and key."""
        data = self.name.encode() + b"\n" + self.kind + self.public
        return sha256(data).digest()[:KEY_ID_BYTES]

    @property
    def label(self) -> str:
        """Name and id, which say which signature lines are by this key."""
        return f"{self.name}+{self.key_id.hex()}"

    @property
    def title(self) -> str:
        """What kind it is, as people call it."""
        return KINDS[self.kind].title

    def verifier_key(self) -> str:
        """Write the key as people pin it: `name+id+key`."""
        return f"{self.label}+{to_base64(self.kind + self.public)}"


@dataclass(frozen=True)
class WitnessSigner:
    """A cosigner's key, able to sign."""

    name: str
    private: Private
    kind: bytes = ED25519

    @property
    def key(self) -> WitnessKey:
        """The public half."""
        return WitnessKey(self.name, self.private.public_key().public_bytes_raw(), self.kind)


def make_witness(name: str, seed: bytes, kind: bytes = ED25519) -> WitnessSigner:
    """Make a cosigner's signer from 32 secret bytes.

    Raises:
        NoteRejected: the name cannot stand in a note.
    """
    if not KEY_NAME.fullmatch(name) or len(name.encode()) > MOST_NAME_BYTES:
        raise NoteRejected(f"{name!r} cannot name a witness: no space and no plus sign")
    return WitnessSigner(name, KINDS[kind].load(seed), kind)


def parse_witness_key(text: str) -> WitnessKey:
    """Read a pinned key `name+id+key` of a cosigner.

    Raises:
        NoteRejected: it is malformed, of another type, or the id is not that of the key.
    """
    parts = text.split("+", 2)
    if len(parts) != 3 or not KEY_NAME.fullmatch(parts[0]):
        raise NoteRejected("a witness key reads name+id+key")
    data = from_base64(parts[2])
    key = WitnessKey(parts[0], data[1:], data[:1])
    kind = KINDS.get(key.kind)
    if kind is None or len(key.public) != kind.key_bytes or key.key_id.hex() != parts[1]:
        raise NoteRejected("the witness key's id does not fit its key")
    return key


def cosign(checkpoint: SignedCheckpoint, signer: WitnessSigner, at: int) -> str:
    """Write the signature line of a cosigner.

    Args:
        checkpoint: found consistent with everything signed before.
        signer: who cosigns.
        at: Unix seconds.
    """
    message = KINDS[signer.kind].message(signer.name, at, checkpoint)
    data = signer.key.key_id + at.to_bytes(TIME_BYTES, "big") + signer.private.sign(message)
    return f"{EM_DASH} {signer.name} {to_base64(data)}\n"


def verify_cosignature(checkpoint: SignedCheckpoint, key: WitnessKey) -> int:
    """Check that a key cosigned a checkpoint, return when it did last, in Unix seconds.

    Raises:
        SignerUnknown: no signature is by this key.
        NoteRejected: a signature in the key's name is malformed or bad.
    """
    found = checkpoint.signatures_of(key.name, key.key_id)
    if not found:
        raise SignerUnknown(f"the checkpoint is not cosigned by {key.name}")
    return max(_verify(checkpoint, key, one.signature) for one in found)


def _verify(checkpoint: SignedCheckpoint, key: WitnessKey, signature: bytes) -> int:
    kind = KINDS[key.kind]
    if len(signature) != TIME_BYTES + kind.signature_bytes:
        raise NoteRejected(
            f"a cosignature is 8 bytes of time and {kind.signature_bytes} of signature"
        )
    at = int.from_bytes(signature[:TIME_BYTES], "big")
    try:
        kind.check(key.public, signature[TIME_BYTES:], kind.message(key.name, at, checkpoint))
    except (InvalidSignature, ValueError):
        raise NoteRejected(f"the cosignature is not by {key.name}") from None
    if at > LATEST:
        raise NoteRejected("a cosignature of a time that cannot be")
    return at
