"""The heads that a witness cosigned last, one per log, in a database of the witness's own."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Table,
    Text,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from ledger.checkpoint import TreeHead
from ledger.merkle import EMPTY_ROOT

metadata = MetaData()

witnessed_heads = Table(
    "witnessed_heads",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
)


class WitnessStore:
    """Reads and writes heads within one transaction of a SQLite database."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    def held(self, origin: str) -> TreeHead:
        """Return the head cosigned last; the empty tree's if none was."""
        heads = witnessed_heads.c
        row = self._connection.execute(
            select(heads.size, heads.root).where(heads.origin == origin)
        ).one_or_none()
        return TreeHead(0, EMPTY_ROOT) if row is None else TreeHead(row.size, row.root)

    def advance(self, origin: str, held: TreeHead, new: TreeHead) -> bool:
        """Replace the head held by a new one; false if another one is held by now.

        One statement decides between submissions of the same moment.
        """
        heads = witnessed_heads.c
        still_held = (heads.size == held.size) & (heads.root == held.root)
        values = {"size": new.size, "root": new.root}
        if held.size:
            replaced = update(witnessed_heads).where(heads.origin == origin, still_held)
            found = self._connection.execute(replaced.values(**values).returning(heads.origin))
        else:
            first = insert(witnessed_heads).values(origin=origin, **values)
            replacing = first.on_conflict_do_update(
                index_elements=[heads.origin], set_=values, where=still_held
            )
            found = self._connection.execute(replacing.returning(heads.origin))
        return found.one_or_none() is not None
