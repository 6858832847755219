"""Clients and what people allowed them, as rows."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from identity.apps.clients import Client
from identity.apps.options import read_options, write_options
from identity.errors import AlreadyRegistered, NotRegistered
from identity.people.consents import Consent
from identity.store.changes import client_changes
from identity.store.dialects import lasting, upsert
from identity.store.operating import (
    client_activity,
    client_refusals,
    keep_authorizations_of,
)
from identity.store.tables import authorizations, clients, consents, deliveries

_COLUMNS = tuple(column for column in clients.c if column.name != "created_at")
_ITS_OWN = (
    client_changes,
    client_activity,
    client_refusals,
    consents,
    authorizations,
    deliveries,
)
_FIND = lasting(select(*_COLUMNS).where(clients.c.client_id == bindparam("client_id")))
_CONSENT = lasting(
    select(consents.c.scopes).where(
        consents.c.person_id == bindparam("person"),
        consents.c.party_id == bindparam("party"),
        consents.c.client_id == bindparam("client"),
    )
)


class KnownClients:
    """Clients read a moment ago, so that not every request reads them again.

    A change shows here at once, and within `SECONDS` in other workers.
    """

    SECONDS = 1.0
    MOST = 1000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: dict[str, tuple[float, Client]] = {}

    def find(self, client_id: str) -> Client | None:
        """Find a client that was read within the last moment."""
        until, client = self._found.get(client_id, (0.0, None))
        return client if self._clock() < until else None

    def keep(self, client: Client) -> None:
        """Keep a client that was read just now."""
        if len(self._found) >= self.MOST:
            self._found.clear()
        self._found[client.client_id] = (self._clock() + self.SECONDS, client)

    def forget(self, client_id: str) -> None:
        """Forget a client that is changed."""
        self._found.pop(client_id, None)


_LAST_TOKENS = case(
    (authorizations.c.refreshed_at > 0, authorizations.c.refreshed_at),
    else_=authorizations.c.redeemed_at,
)
_USED_AT = (
    select(func.max(_LAST_TOKENS))
    .where(
        authorizations.c.person_id == consents.c.person_id,
        authorizations.c.party_id == consents.c.party_id,
        authorizations.c.client_id == consents.c.client_id,
    )
    .scalar_subquery()
)


class ClientStore:
    """Reads and writes clients and consents."""

    def __init__(self, connection: Connection, known: KnownClients | None = None) -> None:
        self._connection = connection
        self._known = known or KnownClients()

    def add(self, client: Client, now: int) -> None:
        """Add a client.

        Raises:
            AlreadyRegistered: the id is taken, or the owner does not exist.
        """
        row = {**_row(client), "created_at": now}
        try:
            self._connection.execute(insert(clients).values(row))
        except IntegrityError:
            raise AlreadyRegistered(f"the client id {client.client_id} is taken") from None

    def find(self, client_id: str) -> Client | None:
        """Find a client by id."""
        known = self._known.find(client_id)
        if known is not None:
            return known
        row = self._connection.execute(_FIND, {"client_id": client_id}).mappings().first()
        if row is None:
            return None
        client = _client(row)
        self._known.keep(client)
        return client

    def all(self) -> Sequence[Client]:
        """List all clients."""
        rows = self._connection.execute(select(*_COLUMNS).order_by(clients.c.client_id))
        return [_client(row) for row in rows.mappings()]

    def replace(self, client: Client) -> None:
        """Keep what an app registers, in place of what it registered before."""
        self._known.forget(client.client_id)
        same = clients.c.client_id == client.client_id
        self._connection.execute(update(clients).where(same).values(_row(client)))

    def remove(self, client_id: str) -> None:
        """Remove an app with all that people allowed it; the audit trail keeps what they did."""
        self._known.forget(client_id)
        keep_authorizations_of(self._connection, client_id)
        for table in (*_ITS_OWN, clients):
            self._connection.execute(delete(table).where(table.c.client_id == client_id))

    def created_at(self, client_id: str) -> int:
        """Return when an app was registered."""
        statement = select(clients.c.created_at).where(clients.c.client_id == client_id)
        return int(self._connection.execute(statement).scalar() or 0)

    def of_owner(self, owner_id: str) -> Sequence[Client]:
        """List the apps of a legal person, by name."""
        statement = select(*_COLUMNS).where(clients.c.owner_id == owner_id)
        rows = self._connection.execute(statement.order_by(clients.c.name, clients.c.client_id))
        return [_client(row) for row in rows.mappings()]

    def rotate_secret(self, client_id: str, new_hash: bytes, old_until: int) -> None:
        """Replace a secret; the one before works until `old_until`.

        Raises:
            NotRegistered: there is no such client with a secret.
        """
        self._known.forget(client_id)
        statement = (
            update(clients)
            .where(clients.c.client_id == client_id, clients.c.secret_hash.is_not(None))
            .values(
                old_secret_hash=clients.c.secret_hash,
                old_secret_until=old_until,
                secret_hash=new_hash,
            )
        )
        if self._connection.execute(statement).rowcount != 1:
            raise NotRegistered(f"no client {client_id} with a secret")

    def find_consent(self, person_id: str, party_id: str, client_id: str) -> frozenset[str]:
        """Return the scopes a person has allowed an app while acting for a party."""
        values = {"person": person_id, "party": party_id, "client": client_id}
        text = self._connection.execute(_CONSENT, values).scalar()
        return frozenset((text or "").split())

    def consents_of(self, person_id: str) -> list[Consent]:
        """List what a person allows apps, the latest first."""
        statement = (
            select(
                consents.c.client_id,
                clients.c.name,
                consents.c.party_id,
                consents.c.scopes,
                consents.c.given_at,
                _USED_AT,
            )
            .join(clients, clients.c.client_id == consents.c.client_id)
            .where(consents.c.person_id == person_id)
            .order_by(consents.c.given_at.desc(), clients.c.name)
        )
        return [
            Consent(client_id, name, party_id, frozenset(scopes.split()), *times)
            for client_id, name, party_id, scopes, *times in self._connection.execute(statement)
        ]

    def delete_consent(self, person_id: str, party_id: str, client_id: str) -> None:
        """Forget what a person allowed an app while acting for a party."""
        self._connection.execute(
            delete(consents).where(
                consents.c.person_id == person_id,
                consents.c.party_id == party_id,
                consents.c.client_id == client_id,
            )
        )

    def save_consent(
        self, person_id: str, party_id: str, client_id: str, scopes: frozenset[str], now: int
    ) -> None:
        """Keep what a person allows an app, in place of what they allowed before."""
        values = {"scopes": " ".join(sorted(scopes)), "given_at": now}
        statement = upsert(self._connection)(consents).values(
            person_id=person_id, party_id=party_id, client_id=client_id, **values
        )
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=consents.primary_key, set_=values)
        )


def _row(client: Client) -> dict[str, Any]:
    return {
        **vars(client),
        "redirect_uris": json.dumps(client.redirect_uris),
        "logout_uris": json.dumps(client.logout_uris),
        "scopes": " ".join(sorted(client.scopes)),
        "response_modes": " ".join(client.response_modes),
        "contacts": " ".join(client.contacts),
        "options": write_options(client.options),
    }


def _client(row: RowMapping) -> Client:
    values = dict(row)
    return Client(
        **{
            **values,
            "redirect_uris": tuple(json.loads(values["redirect_uris"])),
            "logout_uris": tuple(json.loads(values["logout_uris"])),
            "scopes": frozenset(values["scopes"].split()),
            "response_modes": tuple(values["response_modes"].split()),
            "contacts": tuple(values["contacts"].split()),
            "options": read_options(values["options"]),
        }
    )
