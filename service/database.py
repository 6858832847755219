"""The one database: opened here, handed to the domains as a connection inside a transaction.

SQLite is the embedded default: write-ahead log, `synchronous=FULL` (a commit that returned is on
the disk), and one writer at a time behind a lock of ours, because waiting on a lock is fair and
SQLite's own busy loop sleeps. PostgreSQL needs none of that.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from service.postgres.connection import DirectConnection
from service.postgres.lines import Lines

_WRITING = "haihe_writing"
_BUSY_MS = 10_000
POOL = 16  # connections of one worker, besides those of its hot paths
POOL_SECONDS = 5.0
CONNECT_SECONDS = 3
STATEMENT_MS = 30_000  # no statement of a request takes a second; one that does is lost


class Database:
    """Transactions for reading and for writing, over one engine."""

    def __init__(self, url: str) -> None:
        self.engine = _open(url)
        self._one_writer = threading.Lock() if self.is_local else nullcontext()
        self._lines = None if self.is_local else Lines(_address(self.engine.url))

    @property
    def is_local(self) -> bool:
        """Whether it is a file in this process, so that reading waits for no network."""
        return self.engine.dialect.name == "sqlite"

    @property
    def direct(self) -> Connection | None:
        """The way of the hot paths, from the event loop; None on SQLite."""
        return cast("Connection", DirectConnection(self._lines)) if self._lines else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """For statements that read; nothing is kept."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """For single statements that read; PostgreSQL is spared BEGIN and ROLLBACK around them."""
        with self.engine.connect() as connection:
            if not self.is_local:
                connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One state of the whole database, however many statements read it."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, committed when the block ends, undone when it raises."""
        with self._one_writer, self.engine.connect() as connection:
            connection = connection.execution_options(**{_WRITING: True})
            with connection.begin():
                yield connection
            # The commit point: whatever is answered after this line is on the disk.

    def standing(self) -> Connection:
        """A connection for as long as its holder lives, outside of transactions."""
        return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Give every connection back."""
        if self._lines:
            self._lines.close()
        self.engine.dispose()


def _address(url: URL) -> str:
    """Write an address as libpq reads it."""
    timed = url.set(drivername="postgresql").update_query_dict(
        {"connect_timeout": str(CONNECT_SECONDS)}
    )
    return timed.render_as_string(hide_password=False)


def _open(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(
            url,
            pool_size=POOL,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,  # they may be personal data, and errors are logged
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": f"-c statement_timeout={STATEMENT_MS}",
            },
        )
    engine = create_engine(url, pool_size=40, max_overflow=0, pool_timeout=5, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(raw: object, _entry: ConnectionPoolEntry) -> None:
    raw.isolation_level = None  # type: ignore[attr-defined]  # we say BEGIN ourselves
    cursor = raw.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer that starts by reading would otherwise fail to upgrade its lock under contention.
    immediate = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
