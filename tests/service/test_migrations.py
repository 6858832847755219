"""The migrations make exactly the tables that the stores use."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

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
