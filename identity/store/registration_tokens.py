"""Tokens with which apps may register themselves, as rows; their secrets hashed."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from identity.apps.registration_tokens import RegistrationToken
from identity.store.tables import registration_tokens as table

_TOKEN = (table.c.note, table.c.uses_left, table.c.expires_at)


class RegistrationTokenStore:
    """Reads and writes registration tokens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, token_hash: bytes, token: RegistrationToken, now: int) -> None:
        """Keep a new token."""
        row = {"token_hash": token_hash, **vars(token), "created_at": now}
        self._connection.execute(insert(table).values(row))

    def find(self, token_hash: bytes) -> RegistrationToken | None:
        """Find a token, whatever is left of it."""
        row = self._connection.execute(
            select(*_TOKEN).where(table.c.token_hash == token_hash)
        ).first()
        return RegistrationToken(*row) if row else None

    def spend(self, token_hash: bytes, now: int) -> bool:
        """Use a token once; False when nothing is left of it."""
        statement = (
            update(table)
            .where(table.c.token_hash == token_hash)
            .where(table.c.uses_left > 0, table.c.expires_at > now)
            .values(uses_left=table.c.uses_left - 1)
        )
        return self._connection.execute(statement).rowcount == 1

    def all(self) -> Sequence[RegistrationToken]:
        """List all tokens, the next to end first."""
        rows = self._connection.execute(select(*_TOKEN).order_by(table.c.expires_at))
        return [RegistrationToken(*row) for row in rows]

    def remove(self, note: str) -> int:
        """Take all tokens of a note back; return how many there were."""
        return self._connection.execute(delete(table).where(table.c.note == note)).rowcount
