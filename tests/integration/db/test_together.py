"""Writes that wait for SQLite's one writer share a commit, and nothing else."""

import asyncio
import sqlite3
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from db.engine import Database
from db.tables.queue import lines

PATIENCE_S = 20.0


@pytest.fixture
def sqlite_database(database: Database) -> Database:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL's writers do not wait for each other")
    return database


class HeldWriter:
    """Holds the one writer, so that what comes meanwhile waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begun, self._go_on = threading.Event(), threading.Event()

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._database.write(self._stand))
        assert await asyncio.to_thread(self._begun.wait, PATIENCE_S)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)  # what was asked for inside is in the queue
        self._go_on.set()
        await self._task

    def _stand(self, _connection: sa.Connection) -> None:
        self._begun.set()
        assert self._go_on.wait(PATIENCE_S)


def write_row(connection: sa.Connection, kind: str) -> str:
    connection.execute(lines.insert().values(kind=kind))
    return kind


def write_row_and_fail(connection: sa.Connection, kind: str) -> None:
    write_row(connection, kind)
    raise LookupError(kind)


def written(connection: sa.Connection) -> set[str]:
    return set(connection.scalars(sa.select(lines.c.kind)))


def commits(database: Database) -> list[object]:
    counted: list[object] = []
    sa.event.listen(database.engine, "commit", counted.append)
    return counted


async def test_who_waited_shares_a_commit_and_gets_their_own_result(sqlite_database: Database) -> None:
    counted = commits(sqlite_database)
    async with HeldWriter(sqlite_database):
        tasks = [asyncio.create_task(sqlite_database.write(write_row, str(number))) for number in range(10)]
    assert list(await asyncio.gather(*tasks)) == [str(number) for number in range(10)]
    assert len(counted) == 2  # the holder's, and theirs
    assert await sqlite_database.read(written) == {str(number) for number in range(10)}


async def test_a_write_that_fails_takes_back_its_own_rows_alone(sqlite_database: Database) -> None:
    async with HeldWriter(sqlite_database):
        before = asyncio.create_task(sqlite_database.write(write_row, "before"))
        failing = asyncio.create_task(sqlite_database.write(write_row_and_fail, "never"))
        twice = asyncio.create_task(sqlite_database.write(write_row, "before"))
        after = asyncio.create_task(sqlite_database.write(write_row, "after"))
    assert list(await asyncio.gather(before, after)) == ["before", "after"]
    with pytest.raises(LookupError):
        await failing
    with pytest.raises(sa.exc.IntegrityError):
        await twice
    assert await sqlite_database.read(written) == {"before", "after"}


async def test_a_write_that_is_cancelled_among_others_is_taken_back_alone(sqlite_database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def stand(connection: sa.Connection) -> None:
        write_row(connection, "half")
        begun.set()
        assert go_on.wait(PATIENCE_S)

    async with HeldWriter(sqlite_database):
        others = [asyncio.create_task(sqlite_database.write(write_row, "before"))]
        standing = asyncio.create_task(sqlite_database.write(stand))
        others.append(asyncio.create_task(sqlite_database.write(write_row, "after")))
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    standing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await standing
    go_on.set()
    assert list(await asyncio.gather(*others)) == ["before", "after"]
    assert await sqlite_database.read(written) == {"before", "after"}


async def test_when_the_whole_transaction_fails_each_is_done_by_itself(sqlite_database: Database) -> None:
    def take_all_back(connection: sa.Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("ROLLBACK")  # as SQLite does when the disk is full
        raise sqlite3.OperationalError("disk full")

    async with HeldWriter(sqlite_database):
        before = asyncio.create_task(sqlite_database.write(write_row, "before"))
        failing = asyncio.create_task(sqlite_database.write(take_all_back))
        after = asyncio.create_task(sqlite_database.write(write_row, "after"))
    assert list(await asyncio.gather(before, after)) == ["before", "after"]
    with pytest.raises(sqlite3.OperationalError):
        await failing
    assert await sqlite_database.read(written) == {"before", "after"}


async def test_only_what_may_be_undone_ends_before_the_disk_has_it(sqlite_database: Database) -> None:
    def synchronous(connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    def fail(connection: sa.Connection) -> None:
        write_row(connection, "never")
        raise LookupError

    normal, full = 1, 2
    assert await sqlite_database.write_unsynced(synchronous) == normal
    with pytest.raises(LookupError):
        await sqlite_database.write_unsynced(fail)
    assert await sqlite_database.write(synchronous) == full
    async with HeldWriter(sqlite_database):
        tasks = [
            asyncio.create_task(sqlite_database.write_unsynced(synchronous)),
            asyncio.create_task(sqlite_database.write(synchronous)),
        ]
    assert list(await asyncio.gather(*tasks)) == [full, full]
    assert await sqlite_database.read(written) == set()
