"""What an audit counts and finds."""

from dataclasses import dataclass

from ledger.errors import LedgerError


@dataclass(frozen=True)
class Finding:
    """The first bad record.

    Attributes:
        table: table that holds it.
        row: its key, as text.
        reason: what is wrong with it.
    """

    table: str
    row: str
    reason: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.table} {self.row}: {self.reason}"


class Bad(LedgerError):
    """Ends an audit at its first finding."""

    def __init__(self, table: str, row: object, reason: object) -> None:
        """Name the bad record."""
        self.finding = Finding(table, str(row), str(reason))
        super().__init__(str(self.finding))


@dataclass
class Counts:
    """How much an audit has checked."""

    records: int = 0
    pending: int = 0
    tree_nodes: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    contracts: int = 0
    anchors: int = 0
    unfinished_anchors: int = 0
    licences: int = 0
