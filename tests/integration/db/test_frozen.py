"""A program that freezes with a queue's lock holds its kind up for no longer than about a lease."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from db.engine import Database
from db.errors import StoreBusy
from tests.support.clock import open_database
from tests.support.db.store import StoreHarness

LEASE_S = 6.0
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite's lock is the process's

# Another dispatcher, which claims nothing: it stands still in the midst of its transaction, with the line's lock.
HOLDER = """
import asyncio, sys
from db import clock
from db.queue.fair_order.kind_queue import lock_queues
from tests.support.clock import open_database

async def main(url):
    async with open_database(url, lease_s=float(sys.argv[2])) as database:
        def work(connection):
            lock_queues(connection, ["image"])
            print("locked", flush=True)
            sys.stdin.readline()
            clock.now(connection)
        await database.write(work)
        print("written", flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, lease_s=LEASE_S) as database:
        yield database


@asynccontextmanager
async def holder(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program that has the line's lock and waits for a line of input."""
    pipe = asyncio.subprocess.PIPE
    command = sys.executable, "-c", HOLDER, url, str(LEASE_S)
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"locked\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_frozen_program_with_the_lock_of_a_line_stops_its_kind_for_less_than_a_lease(
    store: StoreHarness, database_url: str
) -> None:
    job = await store.submit()
    async with holder(database_url) as process:
        process.send_signal(signal.SIGSTOP)
        frozen_s = time.monotonic()
        async with asyncio.timeout(5 * LEASE_S):
            second, (claimed,) = await asyncio.gather(store.submit(), store.claim())
        assert time.monotonic() - frozen_s < LEASE_S
        assert claimed.id == job.id
        process.send_signal(signal.SIGCONT)
        said, _ = await process.communicate(b"\n" * 2)  # it finds its transaction ended, and does it once more
        assert (said, process.returncode) == (b"locked\nwritten\n", 0)
    assert [job.id for job in await store.claim()] == [second.id]


async def test_lock_that_is_held_by_somebody_else_for_long_makes_nobody_wait_for_ever(
    store: StoreHarness, database_url: str
) -> None:
    await store.submit()
    async with await psycopg.AsyncConnection.connect(database_url) as other:  # an operator at a prompt, say
        await other.execute("SELECT * FROM lines FOR UPDATE")
        began_s = time.monotonic()
        async with asyncio.timeout(5 * LEASE_S):
            with pytest.raises(StoreBusy):
                await store.claim()
        assert time.monotonic() - began_s < 2 * LEASE_S
    assert len(await store.claim()) == 1


async def test_timeouts_are_those_of_the_lease(store: StoreHarness) -> None:
    with store.db.engine.connect() as connection:
        for name, value in (("lock_timeout", "3s"), ("idle_in_transaction_session_timeout", "2s")):
            assert connection.exec_driver_sql(f"SHOW {name}").scalar_one() == value
