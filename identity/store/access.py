"""Who acts, in one statement: the rows behind a session or a token, joined with their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, select

from identity.apps.options import Options, read_options
from identity.issued.authorizations import Authorization
from identity.people.sessions import Session
from identity.people.subjects import LegalPerson, Party, Person, party_of
from identity.store.authorizations import AUTHORIZATION, read_authorization
from identity.store.dialects import lasting
from identity.store.people import PERSON
from identity.store.sessions import SESSION
from identity.store.tables import (
    authorizations,
    clients,
    consents,
    legal_persons,
    people,
    revoked_tokens,
    sessions,
)

_APP = (clients.c.userinfo_alg, clients.c.profile, clients.c.options)
_BODY = (legal_persons.c.legal_person_id, legal_persons.c.code, legal_persons.c.name)


@dataclass(frozen=True)
class SessionRow:
    """A session with the people in it.

    Attributes:
        session: the sign-in.
        person: who.
        party: for whom; None while nobody was chosen.
        allowed: what the app asked about was allowed before, by the party: the person, or the
            one they act for now.
    """

    session: Session
    person: Person
    party: Party | None
    allowed: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class TokenRow:
    """What stands behind a person's access token."""

    authorization: Authorization
    person: Person
    party: Party
    client_demo: bool
    token_revoked: bool
    userinfo_alg: str
    profile: str
    options: Options


@dataclass(frozen=True)
class OwnTokenRow:
    """What stands behind an app's own access token."""

    owner: LegalPerson
    scopes: frozenset[str]
    client_demo: bool
    token_revoked: bool
    profile: str


class AccessStore:
    """Reads who acts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find_session(self, cookie_hash: bytes, client_id: str = "") -> SessionRow | None:
        """Find a session and the names in it, live or not.

        Args:
            cookie_hash: hash of the browser's cookie.
            client_id: an app that asks for consent, empty for none.
        """
        values = {"cookie_hash": cookie_hash, "client_id": client_id}
        rows = [tuple(row) for row in self._connection.execute(_SESSION, values)]
        if not rows:
            return None
        row = rows[0]
        session = Session(*row[: len(SESSION)])
        person, party = _subjects(row[len(SESSION) :], session.party_id)
        allowed = {each[-2]: frozenset((each[-1] or "").split()) for each in rows}
        return SessionRow(session, person, party, allowed)

    def find_token(self, authorization_id: str, jti: str) -> TokenRow | None:
        """Find the authorization behind a token and the names in it, live or not."""
        row = self._first(_TOKEN, authorization_id=authorization_id, jti=jti)
        if row is None:
            return None
        authorization = read_authorization(row)
        person, party = _subjects(row[len(AUTHORIZATION) : -5], authorization.party_id)
        if party is None:
            return None
        alg, profile, text, demo, revoked = row[-5:]
        options = read_options(text)
        return TokenRow(
            authorization, person, party, bool(demo), bool(revoked), alg, profile, options
        )

    def find_own_token(self, client_id: str, jti: str) -> OwnTokenRow | None:
        """Find the app behind a token of its own, and its owner."""
        row = self._first(_OWN, client_id=client_id, jti=jti)
        if row is None:
            return None
        return OwnTokenRow(
            LegalPerson(*row[:3]), frozenset(row[3].split()), bool(row[4]), bool(row[5]), row[6]
        )

    def _first(self, statement: Select[Any], **values: object) -> tuple[Any, ...] | None:
        row = self._connection.execute(statement, values).first()
        return None if row is None else tuple(row)


def _subjects(values: tuple[Any, ...], party_id: str | None) -> tuple[Person, Party | None]:
    person = Person(*values[: len(PERSON)])
    if party_id == person.person_id:
        return person, party_of(person)
    if values[len(PERSON)] is None:
        return person, None
    return person, party_of(LegalPerson(*values[len(PERSON) : len(PERSON) + len(_BODY)]))


_REVOKED = select(exists().where(revoked_tokens.c.jti == bindparam("jti"))).scalar_subquery()
_SESSION = lasting(
    select(*SESSION, *PERSON, *_BODY, consents.c.party_id, consents.c.scopes)
    .join(people, people.c.person_id == sessions.c.person_id)
    .outerjoin(legal_persons, legal_persons.c.legal_person_id == sessions.c.party_id)
    .outerjoin(
        consents,
        and_(
            consents.c.person_id == sessions.c.person_id,
            consents.c.party_id.in_([sessions.c.person_id, sessions.c.party_id]),
            consents.c.client_id == bindparam("client_id"),
        ),
    )
    .where(sessions.c.cookie_hash == bindparam("cookie_hash"))
)
_TOKEN = lasting(
    select(*AUTHORIZATION, *PERSON, *_BODY, *_APP, clients.c.demo, _REVOKED)
    .join(people, people.c.person_id == authorizations.c.person_id)
    .join(clients, clients.c.client_id == authorizations.c.client_id)
    .outerjoin(legal_persons, legal_persons.c.legal_person_id == authorizations.c.party_id)
    .where(authorizations.c.authorization_id == bindparam("authorization_id"))
)
_OWN = lasting(
    select(*_BODY, clients.c.scopes, clients.c.demo, _REVOKED, clients.c.profile)
    .join(clients, clients.c.owner_id == legal_persons.c.legal_person_id)
    .where(clients.c.client_id == bindparam("client_id"))
)
