"""The migrations make exactly the tables that the stores use."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from service.database import Database
from service.migrate import migrate
from service.tables import METADATA
from tests.tools_found import postgres


def differences(url: str) -> list[object]:
    database = Database(url)
    migrate(database)
    migrate(database)  # a second start changes nothing
    with database.reading() as connection:
        context = MigrationContext.configure(connection)
        found = compare_metadata(context, list(METADATA))  # type: ignore[arg-type]
    database.close()
    return list(found)


def test_on_sqlite(tmp_path: Path) -> None:
    assert differences(f"sqlite:///{tmp_path}/haihe.sqlite") == []


@pytest.mark.postgres
def test_on_postgresql(tmp_path: Path) -> None:
    with postgres(tmp_path / "pg") as url:
        assert differences(url) == []


_PERSON = """
INSERT INTO people (person_id, account, name, sealed_number, password_hash, demo, created_at)
VALUES ('p', 'p', 'p', x'00', '', 0, 0)
"""
_MANDATE = """
INSERT INTO mandates (mandate_id, person_id, legal_person_id, role, powers, valid_from,
    granted_by, parent_id, signatures_missing, suspended_at)
VALUES (:name, 'p', 'c', 'agent', 'licences', 7, 'p', 'own', :missing, :at)
"""


def test_what_rested_before_the_city_could_hold_back_is_held_back(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/haihe.sqlite")
    migrate(database, "cosignatures")
    with database.writing() as connection:
        connection.execute(text(_PERSON))
        connection.execute(text("INSERT INTO legal_persons VALUES ('c', 'c', 'c', 0)"))
        for name, missing, at in (("holds", 0, None), ("rests", 0, 5), ("waits", 1, None)):
            values = {"name": name, "missing": missing, "at": at}
            connection.execute(text(_MANDATE), values)
    migrate(database)
    with database.reading() as connection:
        held = connection.execute(text("SELECT mandate_id, held_back_at FROM mandates")).all()
        signed = connection.execute(text("SELECT * FROM mandate_signatures")).all()
    database.close()
    assert sorted(map(tuple, held)) == [("holds", None), ("rests", 5), ("waits", None)]
    assert [tuple(row) for row in signed] == [("waits", "p", 7, "own")]
