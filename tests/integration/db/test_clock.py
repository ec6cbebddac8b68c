"""The clock is read after the locks: however long a writer waited, what it writes is not in a follower's past."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from db.queue.delivery import changed_since
from db.queue.job import End, Job, State
from db.tables.credits import accounts
from db.tables.queue import lines
from tests.support.db.store import DISPATCHER, StoreHarness

Writer = Callable[[StoreHarness, Job], Coroutine[Any, Any, None]]


async def _submit(store: StoreHarness, _: Job) -> None:
    await store.submit()


async def _claim(store: StoreHarness, _: Job) -> None:
    await store.claim()


async def _settle(store: StoreHarness, running: Job) -> None:
    end = End(state=State.DONE, charge=running.price)
    await store.jobs.settle(owner=DISPATCHER, job_id=running.id, attempt=running.attempt, end=end)


async def _give_back(store: StoreHarness, running: Job) -> None:
    await store.give_back(running)


async def _cancel(store: StoreHarness, running: Job) -> None:
    await store.jobs.cancel(running.id, by_user=1)


async def _stop_at(store: StoreHarness, running: Job) -> None:
    await store.jobs.stop_at(running.id, by_user=1, step=3)


# What each waits for. (Beats wait for nothing: `test_lease`.)
WAITING = [
    *((write, lines) for write in (_submit, _claim, _settle, _give_back, _cancel, _stop_at)),
    *((write, accounts) for write in (_submit, _settle, _give_back, _cancel, _stop_at)),
]


@asynccontextmanager
async def waiting_for(store: StoreHarness, table: sa.Table, writing: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Hold a table's rows while the context lasts, in which the writer waits for them; then let it write."""
    with store.db.begin() as connection:
        connection.execute(sa.select(table).with_for_update())
        task = asyncio.create_task(writing)
        await asyncio.sleep(0)  # where one lock is for all, it waits now
        while not store.db.is_sqlite and not await _is_waited(store):
            assert not task.done(), "it waits for nothing"
            await asyncio.sleep(0.01)
        yield
    await task


async def _is_waited(store: StoreHarness) -> bool:
    query = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with store.db.engine.connect() as connection:
        return bool(connection.execute(sa.text(query)).scalar_one())


@pytest.mark.parametrize(
    ("write", "table"), WAITING, ids=[f"{write.__name__[1:]}-{table.name}" for write, table in WAITING]
)
async def test_what_waited_for_a_lock_is_followed(store: StoreHarness, write: Writer, table: sa.Table) -> None:
    await store.submit()
    (running,) = await store.claim()
    await store.submit()
    async with waiting_for(store, table, write(store, running)):
        cursor = (await store.db.read(changed_since, None)).cursor  # of a follower that looks meanwhile
    changed = [job for job in (await store.db.read(changed_since, cursor)).jobs if job.changed_at >= cursor]
    assert len(changed) == 1, "a follower that looks only a little back would never hear of it"
