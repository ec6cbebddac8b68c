"""Heartbeats have a connection of their own, however many others wait."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from db.engine import Database
from db.queue.heartbeat import Report
from db.tables.queue import lines
from tests.support.clock import open_database
from tests.support.db.store import DISPATCHER, StoreHarness


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another program's way to the same database."""
    async with open_database(database_url) as database:
        yield database


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite's writers wait before they connect
async def test_heartbeat_waits_for_no_connection_while_a_crowd_waits_for_a_queue(
    store: StoreHarness, other: Database
) -> None:
    await store.submit()
    (job,) = await store.claim()
    with other.begin() as connection:
        connection.execute(sa.select(lines).with_for_update())
        crowd = [asyncio.create_task(store.submit(user_id)) for user_id in range(2, 32)]  # more than there are
        while not await _all_wait(other):
            assert not any(task.done() for task in crowd), "somebody did not wait"
            await asyncio.sleep(0.01)
        report = Report(job_id=job.id, attempt=1, done=1, total=9)
        async with asyncio.timeout(10):
            reply = await store.jobs.heartbeat(owner=DISPATCHER, reports=[report], lease_s=30)
        assert not reply.lost
        assert not any(task.done() for task in crowd)
    await asyncio.gather(*crowd)
    reply = await store.jobs.heartbeat(owner=DISPATCHER, reports=[report], lease_s=30)
    assert not reply.lost


async def _all_wait(database: Database) -> bool:
    """Tell whether as many connections wait for a lock as a program has, those of its pool."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.engine.connect() as connection:
        return bool(connection.execute(sa.text(query)).scalar_one() >= 15)
