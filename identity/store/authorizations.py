"""Authorizations and withdrawn tokens, as rows. Where two requests race, one statement decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Executable,
    bindparam,
    exists,
    insert,
    or_,
    select,
    update,
)

from identity.issued.authorizations import Authorization
from identity.store.dialects import lasting, upsert
from identity.store.tables import authorizations, people, revoked_tokens, sessions

_ORIGIN = authorizations.alias()
_LIVE = authorizations.c.revoked_at.is_(None)
AUTHORIZATION = tuple(authorizations.c)  # in the order of the fields of `Authorization`
_SCOPES = AUTHORIZATION.index(authorizations.c.scopes)

_IS_IT = authorizations.c.authorization_id == bindparam("key")
_ADD = lasting(insert(authorizations))
_FIND = lasting(select(authorizations).where(_IS_IT))
_REDEEM = lasting(
    update(authorizations)
    .where(
        _IS_IT,
        _LIVE,
        authorizations.c.redeemed_at.is_(None),
        authorizations.c.code_expires_at > bindparam("now"),
        # A code that was made while its sign-in ended in another browser window.
        ~exists().where(
            sessions.c.session_id == authorizations.c.session_id, sessions.c.ended_at.is_not(None)
        ),
    )
    .values(redeemed_at=bindparam("now"))
    .returning(authorizations)
)
_REDEEM_BOUND = lasting(_REDEEM.values(confirmation=bindparam("kept")))
_REFRESH = lasting(
    update(authorizations)
    .where(
        _IS_IT,
        _LIVE,
        authorizations.c.redeemed_at.is_not(None),
        authorizations.c.refreshes == bindparam("count"),
        authorizations.c.expires_at > bindparam("now"),
    )
    .values(refreshes=authorizations.c.refreshes + 1, refreshed_at=bindparam("now"))
    .returning(authorizations)
)
# Behind what is plain stand its app and the person themself: nothing but the row matters.
_PLAIN = (
    authorizations.c.client_id == bindparam("client"),
    authorizations.c.party_id == authorizations.c.person_id,
    authorizations.c.confirmation == "",
    authorizations.c.details == "",
    authorizations.c.resources == "",
    or_(
        bindparam("demo", type_=Boolean()),
        exists().where(people.c.person_id == authorizations.c.person_id, ~people.c.demo),
    ),
)
_REDEEM_PLAIN = lasting(
    _REDEEM.where(
        *_PLAIN,
        authorizations.c.redirect_uri == bindparam("address"),
        authorizations.c.code_challenge == bindparam("challenge"),
    )
)
_REFRESH_PLAIN = lasting(_REFRESH.where(*_PLAIN))


@dataclass(frozen=True)
class Holder:
    """Who presents a code or a refresh token.

    Attributes:
        client_id: the app, proved.
        demo: whether people of the demo data count.
    """

    client_id: str
    demo: bool


class AuthorizationStore:
    """Reads and writes authorizations."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, authorization: Authorization) -> None:
        """Add an authorization whose code has not been used."""
        row = {**vars(authorization), "scopes": " ".join(sorted(authorization.scopes))}
        self._connection.execute(_ADD, row)

    def find(self, authorization_id: str) -> Authorization | None:
        """Find an authorization by id, live or not."""
        row = self._connection.execute(_FIND, {"key": authorization_id}).first()
        return read_authorization(row) if row else None

    def redeem(self, authorization_id: str, now: int, kept: str = "") -> Authorization | None:
        """Use a code up. Of many parallel tries exactly one gets the authorization.

        Args:
            authorization_id: what the code names.
            now: when.
            kept: key to which its refresh tokens are bound from now on, empty for none.
        """
        if kept:
            return self._change(_REDEEM_BOUND, key=authorization_id, now=now, kept=kept)
        return self._change(_REDEEM, key=authorization_id, now=now)

    def refresh(self, authorization_id: str, count: int, now: int) -> Authorization | None:
        """Use refresh token number `count` up. Of many parallel tries exactly one succeeds."""
        return self._change(_REFRESH, key=authorization_id, count=count, now=now)

    def redeem_plain(
        self, authorization_id: str, now: int, holder: Holder, address: str, challenge: str
    ) -> Authorization | None:
        """Use a plain code up, if its app and address are these and its proof key fits; else
        change nothing. Of many parallel tries exactly one gets the authorization.

        Args:
            authorization_id: what the code names.
            now: when.
            holder: who presents it.
            address: the `redirect_uri` it was sent to.
            challenge: what the proof key hashes to, empty for none (RFC 7636 §4.6).
        """
        known = {"client": holder.client_id, "demo": holder.demo}
        values = {"key": authorization_id, "now": now, "address": address, "challenge": challenge}
        return self._change(_REDEEM_PLAIN, **known, **values)

    def refresh_plain(
        self, authorization_id: str, count: int, now: int, holder: Holder
    ) -> Authorization | None:
        """Use refresh token number `count` of a plain authorization up, if it is its app's."""
        known = {"client": holder.client_id, "demo": holder.demo}
        return self._change(_REFRESH_PLAIN, key=authorization_id, count=count, now=now, **known)

    def touch(self, authorization_id: str, now: int) -> None:
        """Note that an app goes on using a refresh token that does not rotate."""
        self._connection.execute(
            update(authorizations)
            .where(authorizations.c.authorization_id == authorization_id)
            .values(refreshed_at=now)
        )

    def revoke(self, authorization_id: str, now: int) -> None:
        """Withdraw an authorization and all tokens drawn from it, or exchanged for them."""
        self._connection.execute(
            update(authorizations)
            .where(
                or_(
                    authorizations.c.authorization_id == authorization_id,
                    authorizations.c.derived_from == authorization_id,
                ),
                _LIVE,
            )
            .values(revoked_at=now)
        )

    def revoke_of_session(self, session_id: str, now: int) -> None:
        """Withdraw everything that was allowed from one sign-in."""
        self._connection.execute(
            update(authorizations)
            .where(authorizations.c.session_id == session_id, _LIVE)
            .values(revoked_at=now)
        )

    def revoke_of_person(self, person_id: str, now: int) -> None:
        """Withdraw everything a person allowed."""
        self._connection.execute(
            update(authorizations)
            .where(authorizations.c.person_id == person_id, _LIVE)
            .values(revoked_at=now)
        )

    def revoke_of_app(
        self, person_id: str, party_id: str, client_id: str, now: int
    ) -> frozenset[str]:
        """Withdraw everything a person allowed one app while acting for a party.

        What other apps got in exchange for its tokens ends too.

        Returns:
            The sign-ins from which the app itself held something.
        """
        found = select(_ORIGIN.c.authorization_id).where(
            _ORIGIN.c.person_id == person_id,
            _ORIGIN.c.party_id == party_id,
            _ORIGIN.c.client_id == client_id,
        )
        theirs = or_(
            authorizations.c.authorization_id.in_(found), authorizations.c.derived_from.in_(found)
        )
        withdrawn = update(authorizations).where(theirs, _LIVE).values(revoked_at=now)
        told = withdrawn.returning(authorizations.c.session_id, authorizations.c.client_id)
        rows = self._connection.execute(told)
        return frozenset(session_id for session_id, app in rows if app == client_id)

    def detailed(self, person_id: str, now: int, most: int) -> Sequence[Authorization]:
        """List what a person allowed in particular and what still stands, the latest first."""
        statement = (
            select(authorizations)
            .where(
                authorizations.c.person_id == person_id,
                _LIVE,
                authorizations.c.redeemed_at.is_not(None),
                authorizations.c.expires_at > now,
                authorizations.c.details != "",
                authorizations.c.derived_from == "",
            )
            .order_by(authorizations.c.redeemed_at.desc())
            .limit(most)
        )
        return [read_authorization(row) for row in self._connection.execute(statement)]

    def revoke_token(self, jti: str, expires_at: int) -> None:
        """Withdraw one access token."""
        statement = upsert(self._connection)(revoked_tokens).values(jti=jti, expires_at=expires_at)
        self._connection.execute(statement.on_conflict_do_nothing())

    def _change(self, statement: Executable, **values: object) -> Authorization | None:
        row = self._connection.execute(statement, values).first()
        return read_authorization(row) if row else None


def read_authorization(row: Sequence[Any]) -> Authorization:
    """Make an authorization of the first columns of a row."""
    values = list(row[: len(AUTHORIZATION)])
    values[_SCOPES] = frozenset(values[_SCOPES].split())
    return Authorization(*values)
