"""Where statements need more than SQLAlchemy's words: insert or change, and built to last."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

_INSERTS: dict[str, Callable[..., Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}

LASTING = "lasting"  # execution option: the same statement comes again, so it can be prepared
Built = TypeVar("Built", bound=Executable)


def lasting(statement: Built) -> Built:
    """Mark a statement that is built once: composing it costs more than running it."""
    return statement.execution_options(**{LASTING: True})


def upsert(connection: Connection) -> Callable[..., Any]:
    """Return the `insert` of this database that knows `on_conflict_do_...`."""
    return _INSERTS[connection.dialect.name]


def insert_once(connection: Connection, table: Table, **values: object) -> bool:
    """Insert a row unless there is one of its key. Of many parallel tries exactly one gets true."""
    statement = upsert(connection)(table).values(values).on_conflict_do_nothing()
    # psycopg's count of inserted rows is kept only when it is asked for.
    done = connection.execute(statement, execution_options={"preserve_rowcount": True})
    return done.rowcount == 1
