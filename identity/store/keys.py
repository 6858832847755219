"""Token keys, as rows. The unique generation decides between two that rotate at the same time."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update

from identity.signing.keys import KeptKey
from identity.store.dialects import insert_once
from identity.store.tables import signing_keys


class KeyStore:
    """Reads and writes token keys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Sequence[KeptKey]:
        """List all keys, by algorithm, oldest first."""
        statement = select(*signing_keys.c).order_by(
            signing_keys.c.algorithm, signing_keys.c.generation
        )
        return [KeptKey(*row) for row in self._connection.execute(statement)]

    def add(self, key: KeptKey) -> bool:
        """Add a key. Of many parallel tries for one generation exactly one gets true."""
        return insert_once(self._connection, signing_keys, **vars(key))

    def succeed(self, key: KeptKey, ends_at: int) -> None:
        """Let the keys before this one end."""
        self._connection.execute(
            update(signing_keys)
            .where(
                signing_keys.c.algorithm == key.algorithm,
                signing_keys.c.generation < key.generation,
                signing_keys.c.ends_at.is_(None),
            )
            .values(ends_at=ends_at)
        )

    def hasten(self, algorithm: str, now: int) -> None:
        """Let the newest key of an algorithm sign at once, if it waits for its time."""
        newest = (
            select(func.max(signing_keys.c.generation))
            .where(signing_keys.c.algorithm == algorithm)
            .scalar_subquery()
        )
        self._connection.execute(
            update(signing_keys)
            .where(
                signing_keys.c.algorithm == algorithm,
                signing_keys.c.generation == newest,
                signing_keys.c.signs_from > now,
            )
            .values(signs_from=now)
        )

    def remove(self, kid: str) -> None:
        """Forget a key."""
        self._connection.execute(delete(signing_keys).where(signing_keys.c.kid == kid))

    def forget_ended(self, now: int) -> None:
        """Forget the keys that are not accepted any more."""
        self._connection.execute(delete(signing_keys).where(signing_keys.c.ends_at <= now))
