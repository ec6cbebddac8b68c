"""The loops around the jobs: claim, listen, beat, reap."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from common.supervisor import Backoff, supervise
from db.files import FileStore
from db.jobs import Job, JobStore
from db.subjects import Subjects
from db.wake import QUEUED
from inference.dispatcher.escort import Escort, Means, Notice, Placed
from inference.messages import Preview, Progress
from inference.placement import Placement, WorkerCapacity, place_jobs
from inference.pool import CapacityFreed, Pool, PoolEvent, WorkerLost

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a dispatcher does what."""

    lease_s: float = 30.0  # a dispatcher that is silent so long has lost its jobs
    beat_s: float = 1.0  # between two beats: leases renewed, progress written, cancels learnt
    poll_s: float = 2.0  # the longest time without looking for jobs; wake-ups may get lost
    reap_s: float = 5.0  # between two looks for leases that ran out, and for subjects that were deleted
    drain_s: float = 5.0  # jobs may end by themselves for so long when it is stopped
    close_s: float = 10.0  # and to be given back after that
    trouble_s: float = 1.0  # first pause after a loop failed; it doubles, up to a sixth of the lease


class Dispatcher:
    """Claim jobs for a pool's workers and see them through; an async context manager that runs while it is entered.

    Leaving it takes nothing new, lets jobs end for a while, and gives the rest back without blame.
    """

    def __init__(self, *, jobs: JobStore, files: FileStore, pool: Pool, rhythm: Rhythm | None = None) -> None:
        self.owner = f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._rhythm = rhythm or Rhythm()
        self._jobs = jobs
        self._subjects = Subjects(jobs.db)
        self._pool = pool
        self._means = Means(owner=self.owner, jobs=jobs, files=files, pool=pool)
        self._escorts: dict[str, Escort] = {}
        self._look = asyncio.Event()  # there may be something to claim, or room for it
        self._may_wait = True  # jobs may be in line: somebody said so, or nobody has looked for a while
        self._queued = jobs.db.wake.listen(QUEUED)
        self._loops: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        rhythm = self._rhythm
        backoff = Backoff(rhythm.trouble_s, max(rhythm.trouble_s, rhythm.lease_s / 6))
        for name, work, every_s in (
            ("claim", self._claim, 0.0),
            ("hear", self._hear, 0.0),
            ("listen", self._listen, None),
            ("beat", self._beat, rhythm.beat_s),
            ("reap", self._reap, rhythm.reap_s),
        ):
            self._loops[name] = supervise(f"dispatcher-{name}", work, every_s=every_s, backoff=backoff)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _cancel(self._loops[name] for name in ("claim", "hear", "reap"))
        await self._finish([escort for escort in self._escorts.values() if escort.worker_id], self._rhythm.drain_s)
        for escort in self._escorts.values():
            escort.tell(Notice.CLOSING)
        await self._finish(self._escorts.values(), self._rhythm.close_s)
        await _cancel(escort.task for escort in list(self._escorts.values()) if escort.task)
        await _cancel(self._loops.values())

    # -- claim --------------------------------------------------------------------------------------------------------

    async def _claim(self) -> None:
        """Look for jobs, then wait until something may have changed."""
        self._look.clear()
        try:
            await self._fill()
        except BaseException:
            self._may_wait = True  # it said that nobody waits before it had asked
            raise
        try:
            async with asyncio.timeout(self._rhythm.poll_s):
                await self._look.wait()
        except TimeoutError:
            self._may_wait = True

    async def _fill(self) -> None:
        """Claim as many jobs as the workers have room for, and send each on its way."""
        while (room := {kind: free for kind, free in self._place().room.items() if free > 0}) and self._may_wait:
            self._may_wait = False  # before the question: a wake-up meanwhile counts
            limit = min(room.values())  # whatever kinds come, there is room for them
            claimed = await self._jobs.claim(
                owner=self.owner,
                kinds=sorted(room),
                limit=limit,
                lease_s=self._rhythm.lease_s,
                models=sorted({model for load in self._pool.loads().values() for model in load.models}),
            )
            for job in claimed:
                self._adopt(job)
            self._may_wait = self._may_wait or len(claimed) == limit

    def _adopt(self, job: Job) -> None:
        before = self._escorts.get(job.id)
        if before is not None:  # its lease ran out unnoticed and it came back to us
            before.tell(Notice.LEASE_LOST)
        escort = self._escorts[job.id] = Escort(job, self._means)
        escort.task = asyncio.create_task(escort.run(before.task if before else None), name=f"job-{job.id}")
        escort.task.add_done_callback(partial(self._let_go, escort))

    def _let_go(self, escort: Escort, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            log.error("job %s is left to its lease", escort.job.id, exc_info=error)
        if self._escorts.get(escort.job.id) is escort:
            del self._escorts[escort.job.id]
        if not escort.submitted or any(other.worker_id is None for other in self._escorts.values()):
            self._look.set()  # otherwise the pool says when there is room

    def _place(self) -> Placement:
        """Send the jobs that wait here to workers, and return what room is left."""
        waiting = [escort for escort in self._escorts.values() if escort.worker_id is None]
        placement = place_jobs([escort.placement_request() for escort in waiting], self._capacities())
        for job_id, worker_id in placement.placed.items():
            self._escorts[job_id].place(Placed(worker_id))
        return placement

    def _capacities(self) -> list[WorkerCapacity]:
        workers = []
        for worker_id, load in self._pool.loads().items():
            here = [escort for escort in self._escorts.values() if escort.worker_id == worker_id]
            free = dict(load.free)
            for escort in here:
                if not escort.submitted:  # on its way, and not yet counted by the pool
                    free[escort.job.kind] = max(0, free.get(escort.job.kind, 0) - 1)
            blames = tuple(escort.suspicion for escort in here)
            workers.append(
                WorkerCapacity(
                    worker_id=worker_id, free=free, models=load.models, adapters=load.adapters, blames=blames
                )
            )
        return workers

    async def _hear(self) -> None:
        """Pass wake-ups on to the claim loop."""
        if await self._queued.wait(60.0):
            self._may_wait = True
            self._look.set()

    # -- listen -------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Pass the pool's events on to the jobs they are about."""
        async for event in self._pool.events():
            self._route(event)

    def _route(self, event: PoolEvent) -> None:
        if isinstance(event, CapacityFreed):
            self._look.set()
        elif isinstance(event, WorkerLost):
            for job_id, attempt in event.jobs.items():
                if escort := self._of(job_id, attempt):
                    escort.tell(Notice.WORKER_LOST)
        elif escort := self._of(event.job_id, event.attempt):
            if isinstance(event, Progress | Preview):
                escort.note(event)
            else:
                escort.tell(event)

    def _of(self, job_id: str, attempt: int) -> Escort | None:
        """Return a job's escort; None for events of an attempt that is over."""
        escort = self._escorts.get(job_id)
        return escort if escort is not None and escort.job.attempt == attempt else None

    # -- beat, reap ---------------------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Renew all leases in one call, and pass on what it says."""
        escorts = list(self._escorts.values())
        if not escorts:
            return
        reports = [escort.report() for escort in escorts]
        beaten = await self._jobs.beat(owner=self.owner, reports=reports, lease_s=self._rhythm.lease_s)
        for escort in escorts:
            if escort.job.id in beaten.lost:
                escort.tell(Notice.LEASE_LOST)
                continue
            if escort.job.id not in beaten.skipped:
                escort.noted()
            if escort.job.id in beaten.cancelled:
                escort.tell(Notice.CANCELLED)

    async def _reap(self) -> None:
        """Give back the jobs of dispatchers that are no more, and let go of subjects that are no more."""
        held = {escort.job.id: escort.job.attempt for escort in self._escorts.values()}
        if reaped := await self._jobs.reap(held=held):  # its own are late at worst: it is here
            log.warning("%d jobs of a silent dispatcher are back in line", len(reaped))
        await self._forget()

    async def _forget(self) -> None:
        """Have the workers drop the adapters of subjects that were deleted: by looking, so no message can be lost."""
        held = {subject_id for load in self._pool.loads().values() for subject_id in load.adapters}
        if held and (gone := held - await self._subjects.among(held)):
            await self._pool.forget(sorted(gone))

    async def _finish(self, escorts: Iterable[Escort], timeout_s: float) -> None:
        if tasks := [escort.task for escort in escorts if escort.task]:
            await asyncio.wait(tasks, timeout=timeout_s)


async def _cancel(tasks: "Iterable[asyncio.Task[None]]") -> None:
    cancelled = list(tasks)
    for task in cancelled:
        task.cancel()
    await asyncio.gather(*cancelled, return_exceptions=True)
