"""What the ledger refuses, and why.

LedgerError
├── ProofRejected            a Merkle proof does not lead where it should
│   └── RootMismatch         it leads to another root
├── NoteRejected             a signed note is malformed or not signed by the pinned key
├── LogUnknown               a witness does not follow this log
├── SignerUnknown            a checkpoint has no signature by a key that counts
├── HeadConflict             a witness holds another head
├── PolicyUnreadable         a file that says which witnesses count is malformed
├── PolicyUnmet              too few of the witnesses that count cosigned
├── WitnessFailed            a witness did not cosign
├── TileMissing              somebody's log does not show a tile that it must have
├── Alarming                 a log that is followed does what no honest one does
├── NotCanonical             bytes are not the one canonical form of their value
├── RecordUnknown            no record has this id
├── CheckpointUnknown        no checkpoint has this size
├── AnchorUnknown            no anchor has this size
├── TileUnknown              no tile has this address, or not yet
├── NotYetAnchored           a record's evidence is not complete yet
├── PowerMissing             the actor may not see this
├── LogForked                the stored tree contradicts what was signed or anchored
├── FieldUnknown             a record has no field of this name to open
├── EvidenceRejected         an evidence file fails a step
├── TrustUnreadable          a trust file is malformed
└── ChainError               the chain cannot do what it was asked
    ├── ChainUnreachable     the node does not answer
    ├── ChainLocked          another process mines the embedded chain
    ├── ChainDamaged         stored bytes of the embedded chain were changed
    ├── TransactionRefused   a transaction was refused or reverted
    └── TransactionReplaced  another transaction took its place
"""


class LedgerError(Exception):
    """Base of everything the ledger refuses."""


class ProofRejected(LedgerError):
    """A Merkle proof does not have the right form."""


class RootMismatch(ProofRejected):
    """A Merkle proof leads to another root than the one it was checked against."""


class NoteRejected(LedgerError):
    """A signed note is malformed, or its signature is not from the pinned key."""


class LogUnknown(LedgerError):
    """A witness does not follow a log of this name."""


class SignerUnknown(LedgerError):
    """A checkpoint bears no good signature of a key that counts."""


class HeadConflict(LedgerError):
    """A witness holds another head than the one that is to be extended."""

    def __init__(self, size: int) -> None:
        """Say which size it holds."""
        super().__init__(f"the head held has {size} records")
        self.size = size


class PolicyUnreadable(LedgerError):
    """A policy is malformed, so nothing counts by it."""


class PolicyUnmet(LedgerError):
    """Too few of the witnesses that count cosigned a checkpoint."""


class WitnessFailed(LedgerError):
    """A witness did not cosign: no answer, or one that is none."""


class TileMissing(LedgerError):
    """A log that is read does not show a tile that it must have."""


class Alarming(LedgerError):
    """A log that is followed does what no honest one does."""

    def __init__(self, kind: str, text: str, notes: tuple[str, ...]) -> None:
        """Say what, and with which signed heads it is proven."""
        super().__init__(text)
        self.kind = kind
        self.notes = notes


class NotCanonical(LedgerError):
    """Bytes are not the canonical form of the value they hold."""


class RecordUnknown(LedgerError):
    """No record has this id."""


class CheckpointUnknown(LedgerError):
    """No checkpoint has this size."""


class AnchorUnknown(LedgerError):
    """No anchor has this size."""


class TileUnknown(LedgerError):
    """No tile has this address, or the tree is not that large yet."""


class NotYetAnchored(LedgerError):
    """The record is not under an anchored checkpoint yet; it will be in a few seconds."""


class PowerMissing(LedgerError):
    """The actor lacks the power that this needs."""

    def __init__(self, power: str) -> None:
        """Say which power is missing."""
        super().__init__(f"this needs the power '{power}'")
        self.power = power


class LogForked(LedgerError):
    """The stored tree contradicts a checkpoint that was signed or anchored before."""


class RowUnreadable(LedgerError):
    """A stored row holds bytes that its columns cannot hold."""

    def __init__(self, table: str, number: int, why: str) -> None:
        """Say which row, counted from 1 in the order of reading."""
        super().__init__(f"row {number} of {table} cannot be read: {why}")
        self.table = table
        self.number = number


class FieldUnknown(LedgerError):
    """A record has no field of this name to open."""


class EvidenceRejected(LedgerError):
    """An evidence file fails a step of its check."""


class TrustUnreadable(LedgerError):
    """A trust file is malformed."""


class ChainError(LedgerError):
    """The chain cannot do what it was asked."""


class ChainUnreachable(ChainError):
    """The chain's node does not answer."""


class ChainLocked(ChainError):
    """Another process mines the embedded chain."""


class ChainDamaged(ChainError):
    """Bytes of the embedded chain are missing or not what was written."""


class TransactionRefused(ChainError):
    """The chain refused or reverted a transaction."""


class TransactionReplaced(ChainError):
    """Another transaction took the place of this one, which can never be included now."""
