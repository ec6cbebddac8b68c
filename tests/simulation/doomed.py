"""A dispatcher that kills itself, by SIGKILL, at a named stage: `python -m tests.simulation.doomed STAGE DB FILES`."""

import asyncio
import os
import signal
import sys
from collections.abc import Collection, Sequence

from db.engine import Database
from db.files import FileStore
from db.queue.heartbeat import HeartbeatReply, Report
from db.queue.job import End, Job
from db.queue.job_store import JobStore
from inference.dispatcher import Dispatcher, Intervals
from inference.pool.local import LocalPool
from inference.worker_config import WorkerConfig
from tests.support.clock import open_database

STAGES = ("claimed", "progress written", "files written", "settled")


class DoomedStore(JobStore):
    """A job store whose process dies right before or after one of its transactions."""

    def __init__(self, db: Database, stage: str) -> None:
        super().__init__(db)
        self.stage = stage

    async def claim(
        self, *, owner: str, kinds: Sequence[str], limit: int, lease_s: float, models: Collection[str] = ()
    ) -> list[Job]:
        claimed = await super().claim(owner=owner, kinds=kinds, limit=limit, lease_s=lease_s, models=models)
        if claimed:
            self._die_at("claimed")
        return claimed

    async def heartbeat(self, *, owner: str, reports: Sequence[Report], lease_s: float) -> HeartbeatReply:
        reply = await super().heartbeat(owner=owner, reports=reports, lease_s=lease_s)
        if any(report.done for report in reports):
            self._die_at("progress written")
        return reply

    async def settle(self, *, owner: str, job_id: str, attempt: int, end: End) -> bool:
        self._die_at("files written")
        settled = await super().settle(owner=owner, job_id=job_id, attempt=attempt, end=end)
        self._die_at("settled")
        return settled

    def _die_at(self, stage: str) -> None:
        if self.stage == stage:
            os.kill(os.getpid(), signal.SIGKILL)


async def run(stage: str, database_url: str, files_url: str) -> None:
    """Dispatch until the stage comes."""
    config = WorkerConfig(engines="tests.support.fakes.engine:build", options={"step_s": 0.005}, log_level="ERROR")
    async with open_database(database_url) as database, LocalPool([config]) as pool:
        store = DoomedStore(database, stage)
        intervals = Intervals(heartbeat_s=0.02)
        async with Dispatcher(jobs=store, files=FileStore(files_url), pool=pool, intervals=intervals):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
