"""Who is cancelled leaves no transaction half done and no connection in use; who tries again holds nobody up."""

import asyncio
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from db.backend import AT_MOST
from db.credits.audit import audit
from db.engine import Database
from db.queue.finding import jobs_of_member
from db.tables.queue import lines
from tests.support.clock import open_database
from tests.support.db.store import StoreHarness

PATIENCE_S = 20.0
FOR_EVER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(3600)",
}


class StandingWrite:
    """A transaction that writes a row and stands still until it may go on."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, connection: sa.Connection) -> None:
        write_row(connection, self.kind)
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)

    async def start(self, database: Database) -> "asyncio.Task[None]":
        """Begin it, and return when it stands still."""
        task = asyncio.create_task(database.write(self))
        assert await asyncio.to_thread(self.begun.wait, PATIENCE_S)
        return task


def write_row(connection: sa.Connection, kind: str) -> None:
    connection.execute(lines.insert().values(kind=kind))


def written(connection: sa.Connection) -> set[str]:
    return set(connection.scalars(sa.select(lines.c.kind)))


async def cancel(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def connections_in_use(database: Database) -> int:
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def test_write_that_is_cancelled_in_the_queue_never_runs(database: Database) -> None:
    crowd = [StandingWrite(f"crowd {number}") for number in range(1 if database.is_sqlite else AT_MOST)]
    running = [await work.start(database) for work in crowd]
    ran = threading.Event()
    late = asyncio.create_task(database.write(lambda connection: ran.set()))
    await asyncio.sleep(0)
    await cancel(late)
    for work in crowd:
        work.go_on.set()
    await asyncio.gather(*running)
    await database.write(write_row, "after")
    assert not ran.is_set()


async def test_write_that_is_cancelled_while_it_works_is_rolled_back_and_gives_its_connection_back(
    database: Database,
) -> None:
    work = StandingWrite("half")
    task = await work.start(database)
    await cancel(task)  # at once, although the thread goes on
    assert connections_in_use(database) == 1
    work.go_on.set()
    await until(lambda: connections_in_use(database) == 0)
    await database.write(write_row, "after")
    assert await database.read(written) == {"after"}


async def test_write_that_is_cancelled_while_it_waits_for_a_lock_changes_nothing(store: StoreHarness) -> None:
    await store.submit()
    with store.db.begin() as connection:
        connection.execute(sa.select(lines).with_for_update())
        task = asyncio.create_task(store.submit())
        await until(lambda: connections_in_use(store.db) == (1 if store.db.is_sqlite else 2))
        await cancel(task)
    await until(lambda: connections_in_use(store.db) == 0)
    assert len(await store.db.read(jobs_of_member, 1)) == 1
    assert await store.balances() == (99_996, 4)


async def test_read_that_is_cancelled_gives_its_connection_back(database: Database) -> None:
    go_on = threading.Event()
    task = asyncio.create_task(database.read(lambda connection: (written(connection), go_on.wait(PATIENCE_S))))
    await until(lambda: connections_in_use(database) == 1)
    await cancel(task)
    go_on.set()
    await until(lambda: connections_in_use(database) == 0)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_cancelled_when_the_books_add_up_and_all_connections_are_back(
    store: StoreHarness, seed: int
) -> None:
    chance = random.Random(seed)

    async def life(user_id: int) -> None:
        job = await store.submit(user_id)
        for claimed in await store.claim():
            await store.settle(claimed)
        await store.jobs.cancel(job.id, by_user=user_id)

    lives = [asyncio.create_task(life(1 + number % 3)) for number in range(40)]
    for task in chance.sample(lives, 25):
        await asyncio.sleep(chance.random() * 0.02)
        task.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    assert not [task.exception() for task in lives if not task.cancelled() and task.exception()]
    await until(lambda: connections_in_use(store.db) == 0)
    assert await store.db.read(audit) == []
    for user_id in (1, 2, 3):
        held = sum(job.price for job in await store.db.read(jobs_of_member, user_id, limit=100) if not job.final)
        assert (await store.balances(user_id))[1] == held


async def test_leaving_the_database_waits_for_what_runs(database_url: str) -> None:
    work = StandingWrite("last")
    async with open_database(database_url) as database:
        task = await work.start(database)
        asyncio.get_running_loop().call_later(0.1, work.go_on.set)
    await task
    async with open_database(database_url) as database:
        assert await database.read(written) == {"last"}


async def test_leaving_the_database_breaks_off_what_takes_long(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.engine.CLOSE_WITHIN_S", 0.2)

    def endless(connection: sa.Connection) -> None:
        write_row(connection, "never")
        connection.execute(sa.text(FOR_EVER[connection.dialect.name]))

    began_s = time.monotonic()
    async with open_database(database_url) as database:
        task = asyncio.create_task(database.write(endless))
        await until(lambda: connections_in_use(database) == 1)
    assert time.monotonic() - began_s < PATIENCE_S
    with pytest.raises((sa.exc.DBAPIError, RuntimeError)):
        await task
    async with open_database(database_url) as database:
        assert await database.read(written) == set()


async def test_who_tries_again_after_a_conflict_holds_nobody_up(database: Database) -> None:
    conflict = sqlite3.OperationalError("database is locked")
    error = conflict if database.is_sqlite else psycopg.errors.SerializationFailure("conflict")
    tries = 0

    def conflicting(connection: sa.Connection) -> None:
        nonlocal tries
        tries += 1
        if tries < 5:
            raise sa.exc.OperationalError("-", {}, error)

    ended: list[str] = []

    async def run(name: str, work: Callable[[sa.Connection], None]) -> None:
        await database.write_urgently(work)  # PostgreSQL has one thread for these, as SQLite has for all
        ended.append(name)

    await asyncio.gather(run("again and again", conflicting), run("once", lambda connection: None))
    assert ended == ["once", "again and again"]
    assert tries == 5
