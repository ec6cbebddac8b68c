"""Everything that a dispatcher needs: a database, files, and a pool with an engine that needs no model."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from db.engine import Database
from db.files import FileStore
from db.queue.job import Job, State
from inference.dispatcher import Dispatcher, Intervals
from inference.pool.local import LocalPool, Timeouts
from inference.requests import Request, to_json
from inference.worker_config import WorkerConfig
from tests.support.db.store import StoreHarness
from tests.support.forkserver import forked_workers

FAST_INTERVALS = Intervals(heartbeat_s=0.05, reap_s=0.1, drain_s=0.5)
MEMBER = 1
# What stands on the database runs on both kinds; what stands on the pool alone need not do so twice.
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class DispatcherHarness:
    """Submits jobs to a dispatcher with a real pool, and waits for them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.store = StoreHarness(database)
        self.files = FileStore(str(folder))
        self.pool: LocalPool

    @asynccontextmanager
    async def open(
        self, *, intervals: Intervals = FAST_INTERVALS, hang_s: float = 60.0, **options: object
    ) -> AsyncIterator[None]:
        """Run pool and dispatcher while the context lasts.

        Args:
            intervals: the dispatcher's.
            hang_s: after how long without a sign a worker counts as hung.
            options: of `tests.support.fakes.engine.build`.
        """
        config = WorkerConfig(engines="tests.support.fakes.engine:build", options=options, log_level="CRITICAL")
        timeouts = Timeouts(hang_s=hang_s, back_off_s=0.05, look_every_s=0.05)
        async with AsyncExitStack() as stack:
            stack.enter_context(forked_workers())
            self.pool = await stack.enter_async_context(LocalPool([config], timeouts=timeouts))
            await stack.enter_async_context(
                Dispatcher(jobs=self.store.jobs, files=self.files, pool=self.pool, intervals=intervals)
            )
            yield

    async def ask(self, request: Request, *, price: int = 4, user_id: int = MEMBER) -> Job:
        """Submit a job for a request."""
        return await self.store.submit(user_id, kind=str(request.kind), request=to_json(request), price=price)

    async def until(self, job: Job, *states: State) -> Job:
        """Return the job once it is in one of the states, or has ended."""
        changed = self.store.db.wake.listen("changed")
        while True:
            found = await self.store.fresh(job)
            if found.final or found.state in states:
                return found
            await changed.wait(1.0)

    async def until_progress(self, job: Job) -> Job:
        """Return the job once it has made progress."""
        changed = self.store.db.wake.listen("changed")
        while not (found := await self.store.fresh(job)).progress_done:
            await changed.wait(1.0)
        return found
