"""Changes of sensitive apps that wait for a second person, as rows."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, delete, insert, select

from identity.apps.changes import Change
from identity.store.tables import metadata

client_changes = Table(
    "client_changes",
    metadata,
    Column("change_id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("client_changes_by_client", "client_id"),
)


class ChangeStore:
    """Reads and writes what waits for a second person."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, change: Change) -> None:
        """Keep a change until somebody decides on it."""
        self._connection.execute(insert(client_changes), vars(change))

    def of_client(self, client_id: str, now: int) -> Sequence[Change]:
        """List the changes of an app that wait, the oldest first."""
        statement = (
            select(client_changes)
            .where(client_changes.c.client_id == client_id, client_changes.c.expires_at > now)
            .order_by(client_changes.c.proposed_at, client_changes.c.change_id)
        )
        return [Change(*row) for row in self._connection.execute(statement)]

    def take(self, change_id: str, client_id: str, decided_by: str, now: int) -> Change | None:
        """Take a change out for a decision of somebody else than its proposer.

        One statement decides: of many parallel tries exactly one gets it.
        """
        statement = (
            delete(client_changes)
            .where(
                client_changes.c.change_id == change_id,
                client_changes.c.client_id == client_id,
                client_changes.c.proposed_by != decided_by,
                client_changes.c.expires_at > now,
            )
            .returning(client_changes)
        )
        row = self._connection.execute(statement).first()
        return Change(*row) if row else None

    def drop(self, change_id: str, client_id: str) -> Change | None:
        """Throw a change away."""
        statement = (
            delete(client_changes)
            .where(client_changes.c.change_id == change_id, client_changes.c.client_id == client_id)
            .returning(client_changes)
        )
        row = self._connection.execute(statement).first()
        return Change(*row) if row else None
