"""The one statement that SQLAlchemy spells differently for each database: insert or change."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

_INSERTS: dict[str, Callable[..., Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def upsert(connection: Connection) -> Callable[..., Any]:
    """Return the `insert` of this database that knows `on_conflict_do_...`."""
    return _INSERTS[connection.dialect.name]
