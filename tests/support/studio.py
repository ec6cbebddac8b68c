"""A store, its files, and a pool that computes without a model: all that a dispatcher needs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from db.engine import Database
from db.files import FileStore
from db.jobs import Job, State
from inference.dispatcher import Dispatcher, Intervals
from inference.pool.local import LocalPool, Timeouts
from inference.requests import Request, to_json
from inference.worker_config import WorkerConfig
from tests.support.db.shop import Shop

BRISK = Intervals(heartbeat_s=0.05, reap_s=0.1, drain_s=0.5)
MEMBER = 1
# What stands on the database runs on both kinds; what stands on the pool alone need not do so twice.
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Studio:
    """A store, its files, and jobs asked for in one line."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.shop = Shop(database)
        self.files = FileStore(str(folder))
        self.pool: LocalPool

    @asynccontextmanager
    async def open(
        self, *, intervals: Intervals = BRISK, hang_s: float = 60.0, **options: object
    ) -> AsyncIterator[None]:
        """Compute while the context lasts."""
        config = WorkerConfig(engines="tests.support.fakes.engine:build", options=options, log_level="CRITICAL")
        timeouts = Timeouts(hang_s=hang_s, back_off_s=0.05, look_every_s=0.05)
        async with AsyncExitStack() as stack:
            self.pool = await stack.enter_async_context(LocalPool([config], timeouts=timeouts))
            await stack.enter_async_context(
                Dispatcher(jobs=self.shop.jobs, files=self.files, pool=self.pool, intervals=intervals)
            )
            yield

    async def ask(self, request: Request, *, price: int = 4, user_id: int = MEMBER) -> Job:
        return await self.shop.submit(user_id, kind=str(request.kind), request=to_json(request), price=price)

    async def until(self, job: Job, *states: State) -> Job:
        """Return the job once it is in one of the states, or has ended."""
        changed = self.shop.db.wake.listen("changed")
        while True:
            found = await self.shop.fresh(job)
            if found.final or found.state in states:
                return found
            await changed.wait(1.0)

    async def until_progress(self, job: Job) -> Job:
        changed = self.shop.db.wake.listen("changed")
        while not (found := await self.shop.fresh(job)).progress_done:
            await changed.wait(1.0)
        return found
