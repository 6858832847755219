"""What has ended long ago is deleted, so that the tables do not grow for ever."""

from collections.abc import Mapping

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, exists, select

from identity.store.changes import client_changes
from identity.store.operating import client_refusals, identity_events
from identity.store.tables import (
    attempts,
    authorizations,
    clients,
    consents,
    decoupled,
    deliveries,
    registration_tokens,
    revoked_tokens,
    scans,
    sessions,
    sign_ins,
    upstream_trips,
    used_names,
)

NOT_KEPT = 0
KEPT_SECONDS = 30 * 24 * 3600  # a used code must still be known as used, an ended session named
UNUSED_SECONDS = 7 * 24 * 3600  # an app that registered itself and signs nobody in
HISTORY_SECONDS = 183 * 24 * 3600  # GB/T 22239 8.1.3.5: at least six months
ANSWER_SECONDS = 3600  # so long an app may still learn why it gets no answer
BATCH = 500  # rows of one table in one transaction: nobody waits long behind it

# Each table whose rows end: the column that says when, and how long they are kept after that.
ENDS: Mapping[Table, tuple[Column[int], int]] = {
    attempts: (attempts.c.window_ends, NOT_KEPT),
    revoked_tokens: (revoked_tokens.c.expires_at, NOT_KEPT),
    used_names: (used_names.c.expires_at, NOT_KEPT),
    upstream_trips: (upstream_trips.c.expires_at, NOT_KEPT),
    scans: (scans.c.expires_at, NOT_KEPT),
    decoupled: (decoupled.c.expires_at, ANSWER_SECONDS),
    client_changes: (client_changes.c.expires_at, NOT_KEPT),
    sessions: (sessions.c.expires_at, KEPT_SECONDS),
    deliveries: (deliveries.c.expires_at, KEPT_SECONDS),
    registration_tokens: (registration_tokens.c.expires_at, KEPT_SECONDS),
    client_refusals: (client_refusals.c.at, KEPT_SECONDS),
    # The three of the audit trail.
    authorizations: (authorizations.c.expires_at, HISTORY_SECONDS),
    sign_ins: (sign_ins.c.at, HISTORY_SECONDS),
    identity_events: (identity_events.c.at, HISTORY_SECONDS),
}


class Housekeeping:
    """Deletes rows that can no longer matter."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def forget_ended(self, now: int) -> int:
        """Delete some of what ended long before `now`; return how many rows, 0 at the end."""
        ended = sum(self._forget(table, end <= now - kept) for table, (end, kept) in ENDS.items())
        return ended + self._forget(clients, _unused(now))

    def _forget(self, table: Table, ended: ColumnElement[bool]) -> int:
        (key,) = table.primary_key.columns
        some = select(key).where(ended).limit(BATCH)
        return self._connection.execute(delete(table).where(key.in_(some))).rowcount


def _unused(now: int) -> ColumnElement[bool]:
    """Tell which apps registered themselves long ago and nobody has allowed anything."""
    allowed = [
        exists().where(table.c.client_id == clients.c.client_id)
        for table in (authorizations, consents)
    ]
    return and_(
        clients.c.registration_hash.is_not(None),
        clients.c.created_at <= now - UNUSED_SECONDS,
        *(~each for each in allowed),
    )
