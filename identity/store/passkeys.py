"""Passkeys, as rows. Where two answers of one key race, the statement that counts decides."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from identity.people.passkeys import Passkey, Use
from identity.store.dialects import insert_once
from identity.store.tables import passkeys

_COLUMNS = tuple(passkeys.c)  # in the order of the fields of `Passkey`


class PasskeyStore:
    """Reads and writes passkeys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, passkey: Passkey, name: str) -> bool:
        """Add a key; false if one of that id is registered, here or to somebody else."""
        row = vars(replace(passkey, name=name))
        return insert_once(self._connection, passkeys, **row)

    def find(self, credential_id: bytes) -> Passkey | None:
        """Find a key by its id."""
        row = self._connection.execute(
            select(*_COLUMNS).where(passkeys.c.credential_id == credential_id)
        ).first()
        return Passkey(*row) if row else None

    def of_person(self, person_id: str) -> Sequence[Passkey]:
        """List a person's keys, the oldest first."""
        rows = self._connection.execute(
            select(*_COLUMNS)
            .where(passkeys.c.person_id == person_id)
            .order_by(passkeys.c.created_at, passkeys.c.credential_id)
        )
        return [Passkey(*row) for row in rows]

    def use(self, credential_id: bytes, use: Use, now: int) -> bool:
        """Note a use; false if the count did not go up (WebAuthn §7.2 step 22)."""
        counts, never_counted = passkeys.c.sign_count < use.sign_count, passkeys.c.sign_count == 0
        statement = (
            update(passkeys)
            .where(
                passkeys.c.credential_id == credential_id,
                passkeys.c.refused_at.is_(None),
                counts if use.sign_count else never_counted,
            )
            .values(sign_count=use.sign_count, backed_up=use.backed_up, last_used_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def refuse(self, credential_id: bytes, now: int) -> None:
        """Let a key sign nobody in any more; its person still sees it."""
        self._connection.execute(
            update(passkeys).where(passkeys.c.credential_id == credential_id).values(refused_at=now)
        )

    def rename(self, person_id: str, credential_id: bytes, name: str) -> bool:
        """Give a person's key another name; false if they have no such key."""
        statement = update(passkeys).where(_is_of(person_id, credential_id)).values(name=name)
        return self._connection.execute(statement).rowcount == 1

    def remove(self, person_id: str, credential_id: bytes) -> bool:
        """Remove a person's key; false if they have no such key."""
        statement = delete(passkeys).where(_is_of(person_id, credential_id))
        return self._connection.execute(statement).rowcount == 1

    def remove_all(self, person_id: str) -> None:
        """Remove all keys of a person who lost them."""
        self._connection.execute(delete(passkeys).where(passkeys.c.person_id == person_id))


def _is_of(person_id: str, credential_id: bytes) -> ColumnElement[bool]:
    return and_(passkeys.c.person_id == person_id, passkeys.c.credential_id == credential_id)
