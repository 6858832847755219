"""What may be used once and was: assertions and proofs, across all workers."""

from hashlib import sha256

from sqlalchemy import Connection, exists, select

from identity.store.dialects import insert_once
from identity.store.tables import used_names


class ReplayStore:
    """Remembers names until what they name has expired."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def use(self, kind: str, owner: str, name: str, expires_at: int) -> bool:
        """Use a name up. Of many parallel tries exactly one gets true.

        Args:
            kind: what is named.
            owner: who names it; names of different owners do not meet.
            name: its name.
            expires_at: first second in which it is refused anyway.
        """
        digest = _digest(kind, owner, name)
        return insert_once(self._connection, used_names, name_hash=digest, expires_at=expires_at)

    def is_used(self, kind: str, owner: str, name: str) -> bool:
        """Tell whether a name was used up; that it was not decides nothing."""
        named = used_names.c.name_hash == _digest(kind, owner, name)
        return self._connection.execute(select(exists().where(named))).scalar_one()


def _digest(kind: str, owner: str, name: str) -> bytes:
    return sha256("\0".join((kind, owner, name)).encode("utf-8", "replace")).digest()
