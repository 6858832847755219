"""Ends of sign-ins, as rows: which are over, and which apps have to hear of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    exists,
    literal,
    or_,
    select,
    update,
)

from identity.apps.options import read_options
from identity.asking.scopes import OFFLINE
from identity.people.sessions import IDLE_SECONDS
from identity.store.tables import authorizations, clients, sessions

_NOW = bindparam("now", type_=BigInteger)
_ACTIVE: ColumnElement[int] = _NOW - IDLE_SECONDS
_USED_BY_AN_APP = exists().where(
    authorizations.c.session_id == sessions.c.session_id,
    authorizations.c.revoked_at.is_(None),
    or_(authorizations.c.refreshed_at > _ACTIVE, authorizations.c.redeemed_at > _ACTIVE),
)
# Built once: composing a statement costs more than running it.
_OVER = select(sessions.c.session_id).where(
    sessions.c.ended_at.is_(None),
    or_(
        sessions.c.expires_at <= _NOW,
        (sessions.c.seen_at <= _ACTIVE) & ~_USED_BY_AN_APP,
    ),
)
_ANY_OVER = _OVER.limit(1)
_SOME_OVER = _OVER.limit(bindparam("most")).with_for_update(skip_locked=True, of=sessions)
_CLOSE = (
    update(sessions)
    .where(sessions.c.session_id.in_(_SOME_OVER.correlate(None)), sessions.c.ended_at.is_(None))
    .values(ended_at=_NOW)
    .returning(sessions.c.session_id)
)


@dataclass(frozen=True)
class AppToTell:
    """An app that got tokens from a sign-in, and how it knows the one it acted for."""

    client_id: str
    address: str
    encrypted: bool
    id_token_alg: str
    sector: str
    session_id: str
    person_id: str
    party_id: str


class EndStore:
    """Closes sign-ins and finds their apps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def are_over(self, now: int) -> bool:
        """Tell whether any sign-in is over that was not closed yet."""
        return self._connection.execute(_ANY_OVER, {"now": now}).first() is not None

    def close_over(self, now: int, most: int) -> Sequence[str]:
        """Close sign-ins that are over. Of many parallel tries exactly one gets each of them.

        One that an app goes on using is not idle, though it opens no page any more.
        """
        rows = self._connection.execute(_CLOSE, {"now": now, "most": most})
        return list(rows.scalars())

    def revoke_online(self, session_ids: Collection[str], now: int) -> None:
        """Withdraw what was allowed from some sign-ins for no longer than they last."""
        spaced = literal(" ") + authorizations.c.scopes + " "
        self._connection.execute(
            update(authorizations)
            .where(
                authorizations.c.session_id.in_(session_ids),
                authorizations.c.revoked_at.is_(None),
                ~spaced.contains(f" {OFFLINE} "),
            )
            .values(revoked_at=now)
        )

    def apps_to_tell(self, session_ids: Collection[str]) -> Sequence[AppToTell]:
        """List the apps that got tokens from some sign-ins and want to hear of their end."""
        statement = (
            select(
                clients.c.client_id,
                clients.c.options,
                clients.c.id_token_alg,
                clients.c.sector,
                authorizations.c.session_id,
                authorizations.c.person_id,
                authorizations.c.party_id,
            )
            .distinct()
            .join(clients, clients.c.client_id == authorizations.c.client_id)
            .where(
                authorizations.c.session_id.in_(session_ids),
                authorizations.c.redeemed_at.is_not(None),
                clients.c.options.contains('"backchannel_logout_uri"'),
            )
        )
        found = []
        for client_id, text, *rest in self._connection.execute(statement):
            options = read_options(text)
            encrypted = bool(options.id_token_encrypted_response_alg)
            address = options.backchannel_logout_uri
            found.append(AppToTell(client_id, address, encrypted, *rest))
        return found
