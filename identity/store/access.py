"""Who acts, in one statement: the rows behind a session or a token, joined with their names."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, select

from identity.authorizations import Authorization
from identity.options import Options, read_options
from identity.sessions import Session
from identity.store.authorizations import AUTHORIZATION, read_authorization
from identity.store.dialects import lasting
from identity.store.people import PERSON
from identity.store.sessions import SESSION
from identity.store.tables import (
    authorizations,
    clients,
    legal_persons,
    people,
    revoked_tokens,
    sessions,
)
from identity.subjects import LegalPerson, Party, Person, party_of

_APP = (clients.c.userinfo_alg, clients.c.profile, clients.c.options)
_BODY = (legal_persons.c.legal_person_id, legal_persons.c.code, legal_persons.c.name)


@dataclass(frozen=True)
class SessionRow:
    """A session with the people in it; `party` is None while nobody was chosen."""

    session: Session
    person: Person
    party: Party | None


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

    def find_session(self, cookie_hash: bytes) -> SessionRow | None:
        """Find a session and the names in it, live or not."""
        row = self._first(_SESSION, cookie_hash=cookie_hash)
        if row is None:
            return None
        session = Session(*row[: len(SESSION)])
        person, party = _subjects(row[len(SESSION) :], session.party_id)
        return SessionRow(session, person, party)

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
    select(*SESSION, *PERSON, *_BODY)
    .join(people, people.c.person_id == sessions.c.person_id)
    .outerjoin(legal_persons, legal_persons.c.legal_person_id == sessions.c.party_id)
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
