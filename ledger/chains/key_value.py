"""The embedded chain's store: py-evm's key-value interface over one SQLite file.

What py-evm stores under the hash of its content (headers, trie nodes, code) is checked against
that hash whenever it is read, so changed bytes never reach a verdict.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth.db.atomic import AtomicDB
from eth.db.backends.base import BaseDB
from eth_utils.crypto import keccak

from ledger.errors import ChainDamaged

CONTENT_KEY_BYTES = 32


class SqliteDatabase(BaseDB):
    """Keys and values in SQLite, one connection, serialised by `lock`."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; every process that opens it sees what is committed."""
        self.lock = threading.RLock()
        self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            self._sqlite.execute(f"PRAGMA {pragma}")
        self._sqlite.execute(
            "CREATE TABLE IF NOT EXISTS chain (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
            " WITHOUT ROWID"
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all or nothing: a block with its state, or no trace of it."""
        with self.lock:
            self._sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sqlite.execute("ROLLBACK")
                raise
            self._sqlite.execute("COMMIT")  # the commit point of a block

    def __getitem__(self, key: bytes) -> bytes:
        row = self._sqlite.execute("SELECT value FROM chain WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        value: bytes = row[0]
        if len(key) == CONTENT_KEY_BYTES and keccak(value) != key:
            raise ChainDamaged(f"the bytes stored under {key.hex()} do not hash to it")
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._sqlite.execute(
            "INSERT INTO chain VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def __delitem__(self, key: bytes) -> None:
        if self._sqlite.execute("DELETE FROM chain WHERE key = ?", (key,)).rowcount == 0:
            raise KeyError(key)

    def _exists(self, key: bytes) -> bool:
        found = self._sqlite.execute("SELECT 1 FROM chain WHERE key = ?", (key,))
        return found.fetchone() is not None

    def close(self) -> None:
        """Close the file."""
        self._sqlite.close()


def atomic(database: SqliteDatabase) -> AtomicDB:
    """Wrap the store in the batches that py-evm writes in."""
    return AtomicDB(database)
