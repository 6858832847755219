"""What has ended long ago is deleted, so that the tables do not grow for ever."""

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from identity.store.tables import (
    attempts,
    authorizations,
    deliveries,
    revoked_tokens,
    sessions,
    sign_ins,
    used_names,
)

KEPT_SECONDS = 30 * 24 * 3600  # a used code must still be known as used, an ended session named
HISTORY_SECONDS = 183 * 24 * 3600  # GB/T 22239 8.1.3.5: at least six months
BATCH = 500  # rows of one table in one transaction: nobody waits long behind it


class Housekeeping:
    """Deletes rows that can no longer matter."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def forget_ended(self, now: int) -> int:
        """Delete some of what ended long before `now`; return how many rows, 0 at the end."""
        before = now - KEPT_SECONDS
        return sum(
            self._forget(table, ended)
            for table, ended in (
                (attempts, attempts.c.window_ends <= now),
                (revoked_tokens, revoked_tokens.c.expires_at <= now),
                (used_names, used_names.c.expires_at <= now),
                (sessions, sessions.c.expires_at <= before),
                (authorizations, authorizations.c.expires_at <= before),
                (deliveries, deliveries.c.expires_at <= before),
                (sign_ins, sign_ins.c.at <= now - HISTORY_SECONDS),
            )
        )

    def _forget(self, table: Table, ended: ColumnElement[bool]) -> int:
        (key,) = table.primary_key.columns
        some = select(key).where(ended).limit(BATCH)
        return self._connection.execute(delete(table).where(key.in_(some))).rowcount
