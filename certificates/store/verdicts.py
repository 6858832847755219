"""Verdicts on screens, as sealed rows."""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from certificates.store.tables import verdicts

BATCH = 500  # rows in one transaction: nobody waits long behind it


class VerdictRows:
    """The rows over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        self._upsert = dialect.insert

    def keep(self, place: bytes, sealed: bytes, expires_at: int) -> None:
        """Keep a row."""
        row = self._upsert(verdicts).values(place=place, sealed=sealed, expires_at=expires_at)
        self._connection.execute(row.on_conflict_do_nothing())

    def find(self, place: bytes, now: int) -> bytes | None:
        """Find what is kept at a place and not over."""
        query = select(verdicts.c.sealed).where(
            verdicts.c.place == place, verdicts.c.expires_at > now
        )
        return self._connection.scalars(query).one_or_none()

    def forget(self, now: int) -> int:
        """Delete some of what is over; return how many rows, 0 at the end."""
        some = select(verdicts.c.place).where(verdicts.c.expires_at <= now).limit(BATCH)
        over = delete(verdicts).where(verdicts.c.place.in_(some))
        return self._connection.execute(over).rowcount
