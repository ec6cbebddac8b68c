"""The clock is read after the locks: however long a writer waited, what it writes is not in a follower's past."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from db.jobs import End, Job, State
from db.tables import accounts, lines
from tests.support.db.shop import DISPATCHER, Shop

Writer = Callable[[Shop, Job], Coroutine[Any, Any, None]]


async def _submit(shop: Shop, _: Job) -> None:
    await shop.submit()


async def _claim(shop: Shop, _: Job) -> None:
    await shop.claim()


async def _settle(shop: Shop, running: Job) -> None:
    end = End(state=State.DONE, charge=running.price)
    await shop.jobs.settle(owner=DISPATCHER, job_id=running.id, attempt=running.attempt, end=end)


async def _give_back(shop: Shop, running: Job) -> None:
    await shop.give_back(running)


async def _cancel(shop: Shop, running: Job) -> None:
    await shop.jobs.cancel(running.id, by_user=1)


async def _stop_at(shop: Shop, running: Job) -> None:
    await shop.jobs.stop_at(running.id, by_user=1, step=3)


# What each waits for. (Beats wait for nothing: `test_lease`.)
WAITING = [
    *((write, lines) for write in (_submit, _claim, _settle, _give_back, _cancel, _stop_at)),
    *((write, accounts) for write in (_submit, _settle, _give_back, _cancel, _stop_at)),
]


@asynccontextmanager
async def waiting_for(shop: Shop, table: sa.Table, writing: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Hold a table's rows while the context lasts, in which the writer waits for them; then let it write."""
    with shop.db.begin() as connection:
        connection.execute(sa.select(table).with_for_update())
        task = asyncio.create_task(writing)
        await asyncio.sleep(0)  # where one lock is for all, it waits now
        while not shop.db.is_sqlite and not await _is_waited(shop):
            assert not task.done(), "it waits for nothing"
            await asyncio.sleep(0.01)
        yield
    await task


async def _is_waited(shop: Shop) -> bool:
    query = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with shop.db.engine.connect() as connection:
        return bool(connection.execute(sa.text(query)).scalar_one())


@pytest.mark.parametrize(
    ("write", "table"), WAITING, ids=[f"{write.__name__[1:]}-{table.name}" for write, table in WAITING]
)
async def test_what_waited_for_a_lock_is_followed(shop: Shop, write: Writer, table: sa.Table) -> None:
    await shop.submit()
    (running,) = await shop.claim()
    await shop.submit()
    async with waiting_for(shop, table, write(shop, running)):
        cursor = (await shop.jobs.changed_since(None)).cursor  # of a follower that looks meanwhile
    changed = [job for job in (await shop.jobs.changed_since(cursor)).jobs if job.changed_at >= cursor]
    assert len(changed) == 1, "a follower that looks only a little back would never hear of it"
