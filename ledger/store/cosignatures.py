"""Cosignatures of our checkpoints, as they came back from those who gave them."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ledger.store.streaming import stream
from ledger.store.tables import cosignatures, cosigners

NOTHING = -1


@dataclass(frozen=True)
class Cosigner:
    """A key that cosigned, and the size that it cosigned last."""

    cosigner: str
    verifier_key: str
    last_size: int


@dataclass(frozen=True)
class Cosigned:
    """A cosignature of a checkpoint, linked to the one before it by the same key."""

    size: int
    cosigner: str
    previous_size: int
    line: str


class CosignatureStore:
    """Reads and writes cosignatures within one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    def last_size(self, cosigner: str) -> int:
        """Return the size that a key cosigned last; -1 if it never did."""
        query = select(cosigners.c.last_size).where(cosigners.c.cosigner == cosigner)
        found = self._connection.execute(query).scalar_one_or_none()
        return NOTHING if found is None else int(found)

    def keep(self, size: int, cosigner: str, verifier_key: str, line: str) -> bool:
        """Keep a cosignature; the newer one of a head takes the place of the older.

        The row of the key decides between two that keep at the same moment: a head below the last
        one comes too late and is not kept.
        """
        last = self._advance(size, cosigner, verifier_key)
        if last is None:
            return False
        values = {"size": size, "cosigner": cosigner, "previous_size": last, "line": line}
        if last == size:
            mine = (cosignatures.c.size == size) & (cosignatures.c.cosigner == cosigner)
            self._connection.execute(update(cosignatures).where(mine).values(line=line))
        else:
            self._connection.execute(cosignatures.insert(), values)
        return True

    def _advance(self, size: int, cosigner: str, verifier_key: str) -> int | None:
        """Move a key's row to a size, return the size before; None if it is beyond already."""
        dialect = self._connection.dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        values = {"cosigner": cosigner, "verifier_key": verifier_key, "last_size": size}
        first = insert(cosigners).values(**values).on_conflict_do_nothing()
        if self._connection.execute(first.returning(cosigners.c.cosigner)).one_or_none():
            return NOTHING
        mine = select(cosigners.c.last_size).where(cosigners.c.cosigner == cosigner)
        last = int(self._connection.execute(mine.with_for_update()).scalar_one())
        if last > size:
            return None
        moved = update(cosigners).where(cosigners.c.cosigner == cosigner)
        self._connection.execute(moved.values(last_size=size))
        return last

    def lines(self, size: int) -> list[str]:
        """Return the signature lines below a checkpoint, in the order of their keys."""
        query = select(cosignatures.c.line).where(cosignatures.c.size == size)
        return list(self._connection.scalars(query.order_by(cosignatures.c.cosigner)))

    def line_of(self, size: int, cosigner: str) -> str | None:
        """Return the line of one key."""
        query = select(cosignatures.c.line).where(
            cosignatures.c.size == size, cosignatures.c.cosigner == cosigner
        )
        return self._connection.execute(query).scalar_one_or_none()

    def best_over(self, leaf_index: int, at_most: int) -> int | None:
        """Find the size that most keys cosigned, among the first ones that hold a leaf."""
        query = select(cosignatures.c.size).where(cosignatures.c.size > leaf_index)
        sizes = list(self._connection.scalars(query.order_by(cosignatures.c.size).limit(at_most)))
        return max(sizes, key=lambda size: (sizes.count(size), -size), default=None)

    def latest_size(self) -> int | None:
        """Return the largest size that anybody cosigned."""
        query = select(cosignatures.c.size).order_by(cosignatures.c.size.desc()).limit(1)
        return self._connection.execute(query).scalar_one_or_none()

    def all_cosigners(self) -> Iterator[Cosigner]:
        """Walk through all keys that ever cosigned."""
        for row in stream(self._connection, select(cosigners).order_by(cosigners.c.cosigner)):
            yield Cosigner(**row._mapping)

    def all_of(self, cosigner: str) -> Iterator[Cosigned]:
        """Walk through all cosignatures of a key, smallest first."""
        query = select(cosignatures).where(cosignatures.c.cosigner == cosigner)
        for row in stream(self._connection, query.order_by(cosignatures.c.size)):
            yield Cosigned(**row._mapping)

    def strange(self) -> tuple[int, str] | None:
        """Find a cosignature by a key that has no row."""
        known = select(cosigners.c.cosigner)
        query = select(cosignatures.c.size, cosignatures.c.cosigner).where(
            cosignatures.c.cosigner.not_in(known)
        )
        found = stream(self._connection, query.limit(1))
        return next(((row.size, row.cosigner) for row in found), None)
