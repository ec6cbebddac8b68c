"""Run Alembic on a connection that somebody else opened and locked; say which version the tables have."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from db.errors import TablesTooNew


def configuration(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's settings for our folder of migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables to the newest version, in the caller's transaction.

    Raises:
        TablesTooNew: they are of a version that is not known here.
    """
    versions(connection)
    command.upgrade(configuration(connection), "head")


def versions(connection: sa.Connection) -> tuple[str | None, str]:
    """Return the version of the tables (None: there are none), and the newest that is known here.

    Raises:
        TablesTooNew: they are of a version that is not known here.
    """
    known = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()]
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise TablesTooNew(found=found, newest=known[0])
    return found, known[0]
