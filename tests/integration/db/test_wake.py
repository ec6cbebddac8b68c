"""Wake-ups between two programs on one PostgreSQL, and within one on either database."""

import asyncio

import psycopg
import pytest

from db.wake import CHANGED, QUEUED
from tests.support.clock import open_database
from tests.support.db.store import StoreHarness


@pytest.fixture
def shared_url(database_url: str) -> str:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite serves one program: nothing is sent")
    return database_url


async def test_notification_reaches_another_program(shared_url: str) -> None:
    async with open_database(shared_url) as here, open_database(shared_url) as there:
        ear = there.wake.listen(QUEUED)
        await ear.wait(0)
        here.wake.notify(QUEUED)
        assert await ear.wait(10)


async def test_listening_resumes_after_the_connection_broke(shared_url: str) -> None:
    async with open_database(shared_url) as here, open_database(shared_url) as there:
        ear = there.wake.listen(QUEUED)
        with psycopg.connect(shared_url, autocommit=True) as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
            connection.execute(others)
        assert await ear.wait(10)  # listening again rings: something may have been missed
        here.wake.notify(QUEUED)
        assert await ear.wait(10)


async def test_submit_wakes_the_dispatcher(store: StoreHarness) -> None:
    ear = store.db.wake.listen(QUEUED)
    await store.submit()
    assert await ear.wait(10)


async def test_cancel_wakes_whoever_watches_changes(store: StoreHarness) -> None:
    job = await store.submit()
    ear = store.db.wake.listen(CHANGED)
    waiting = asyncio.create_task(ear.wait(10))
    await store.jobs.cancel(job.id, by_user=1)
    assert await waiting
