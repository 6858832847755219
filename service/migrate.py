"""Brings the database to the newest schema (Alembic), at every start and by `haihe migrate`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.database import Database

SCRIPTS = Path(__file__).with_name("migrations")


def migrate(database: Database) -> None:
    """Upgrade to the newest revision; a database that is there already costs one read."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with database.writing() as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
