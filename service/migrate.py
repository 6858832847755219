"""Brings the database to the newest schema (Alembic), at every start and by `haihe migrate`."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from service.database import Database

SCRIPTS = Path(__file__).with_name("migrations")


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to the newest revision; a database that is there already costs one read."""
    config = _config()
    with database.writing() as connection:
        if is_newest(connection):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def is_newest(connection: Connection) -> bool:
    """Tell whether the database has the schema that this build knows."""
    return MigrationContext.configure(connection).get_current_revision() == _newest()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
