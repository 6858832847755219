"""What a transaction promises, on the embedded database and on PostgreSQL."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database import Database
from tests.tools_found import postgres


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("db")
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{folder}/haihe.sqlite")
        yield opened
        opened.close()
        return
    with postgres(folder / "pg") as url:
        opened = Database(url)
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def counter(database: Database) -> Iterator[None]:
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE counter (value BIGINT)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
    yield
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE counter")


def value_of(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT value FROM counter").scalar_one())


def test_a_block_that_ends_is_committed(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE counter SET value = 5")
    assert value_of(database) == 5


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.exec_driver_sql("UPDATE counter SET value = 5")
        raise RuntimeError
    assert value_of(database) == 0


def test_a_reader_does_not_see_what_is_not_committed(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE counter SET value = 5")
        assert value_of(database) == 0


def test_writers_at_once_lose_nothing(database: Database) -> None:
    def add() -> None:
        for _ in range(5):
            with database.writing() as connection:
                connection.exec_driver_sql("UPDATE counter SET value = value + 1")

    threads = [threading.Thread(target=add) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value_of(database) == 60


def test_sqlite_writes_through_to_the_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/haihe.sqlite")
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    database.close()
    sqlite3.connect(tmp_path / "haihe.sqlite").close()
