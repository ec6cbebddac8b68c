"""What one job costs the store, from its acceptance to its delivery."""

import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from db.engine import Database
from db.queue.delivery import mark_delivered
from db.queue.heartbeat import Report
from tests.support.db.store import DISPATCHER, StoreHarness

WARM_UP = 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Life:
    """What was counted and timed."""

    statements: float  # a job, on average
    taken_ms: dict[str, list[float]]  # by what was done: of each job


class Watch:
    """Counts statements, and times what is awaited through it."""

    def __init__(self) -> None:
        self.statements = 0
        self.taken_ms: dict[str, list[float]] = {}

    def count(self, *_: object) -> None:
        """Count a statement."""
        self.statements += 1

    async def timed(self, name: str, doing: Awaitable[T]) -> T:
        """Return what `doing` gives, and note how long that took."""
        started_s = time.perf_counter()
        done = await doing
        self.taken_ms.setdefault(name, []).append((time.perf_counter() - started_s) * 1000)
        return done


async def time_life(jobs: int) -> Life:
    """Let so many jobs live one after the other, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        async with Database.from_url(f"sqlite:///{folder}/atelier.db") as database:
            await database.migrate()
            store = StoreHarness(database)
            for _ in range(WARM_UP):
                await _live(store, Watch())
            watch = Watch()
            sa.event.listen(database.engine, "before_cursor_execute", watch.count)
            for _ in range(jobs):
                await _live(store, watch)
    return Life(watch.statements / jobs, watch.taken_ms)


async def _live(store: StoreHarness, watch: Watch) -> None:
    job = await watch.timed("submit", store.submit())
    (claimed,) = await store.claim()
    report = Report(job_id=job.id, attempt=claimed.attempt, done=1, total=8)
    await store.jobs.heartbeat(owner=DISPATCHER, reports=[report], lease_s=30.0)
    await watch.timed("settle", store.settle(claimed))
    await store.db.write(mark_delivered, job.id, message_id=1, how="token")
