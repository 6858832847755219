"""What has ended long ago is deleted, so that the tables do not grow for ever."""

from sqlalchemy import Connection, delete

from identity.store.tables import attempts, authorizations, revoked_tokens, sessions

KEPT_SECONDS = 30 * 24 * 3600  # a used code must still be known as used, an ended session named


class Housekeeping:
    """Deletes rows that can no longer matter."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def forget_ended(self, now: int) -> int:
        """Delete what ended long before `now`; return how many rows."""
        before = now - KEPT_SECONDS
        statements = (
            delete(attempts).where(attempts.c.window_ends <= now),
            delete(revoked_tokens).where(revoked_tokens.c.expires_at <= now),
            delete(sessions).where(sessions.c.expires_at <= before),
            delete(authorizations).where(authorizations.c.expires_at <= before),
        )
        return sum(self._connection.execute(statement).rowcount for statement in statements)
