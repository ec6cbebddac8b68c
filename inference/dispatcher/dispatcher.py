"""The loops around the jobs: claim, listen, heartbeat, reap."""

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
from db.people.subjects import existing_subjects
from db.queue.job import Job
from db.queue.job_store import JobStore
from db.wake import QUEUED
from inference.checks import CheckRules
from inference.dispatcher.job_runner import JobRunner
from inference.dispatcher.runner_context import RunnerContext
from inference.dispatcher.runner_events import Interrupt
from inference.messages import Preview, Progress
from inference.placement import Placement, WorkerCapacity, place_jobs
from inference.pool import CapacityFreed, Pool, PoolEvent, WorkerLost

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """How often a dispatcher does what."""

    lease_s: float = 30.0  # a dispatcher that is silent so long has lost its jobs
    heartbeat_s: float = 1.0  # between two heartbeats: leases renewed, progress written, cancels learnt
    poll_s: float = 2.0  # the longest time without looking for jobs; wake-ups may get lost
    reap_s: float = 5.0  # between two looks for leases that ran out, and for subjects that were deleted
    drain_s: float = 5.0  # jobs may end by themselves for so long when it is stopped
    close_s: float = 10.0  # and to be given back after that
    retry_s: float = 1.0  # first pause after a loop failed; it doubles, up to a sixth of the lease


def new_owner() -> str:
    """Return a name for leases that tells where they are, and that no other process ever has."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"


class Dispatcher:
    """Claim jobs for a pool's workers and run them; an async context manager that runs while it is entered.

    Leaving it takes nothing new, lets jobs end for a while, and gives the rest back without blame.
    """

    def __init__(
        self,
        *,
        jobs: JobStore,
        files: FileStore,
        pool: Pool,
        intervals: Intervals | None = None,
        owner: str = "",
        predecessor: str = "",
        check_rules: CheckRules | None = None,
    ) -> None:
        """Start nothing yet; entering does.

        Args:
            jobs: the queue.
            files: where inputs are read from and results are written to.
            pool: the workers; it is entered and left by the caller.
            intervals: how often what is done.
            owner: of its leases, which no other dispatcher ever was (`new_owner`); empty: a new one.
            predecessor: an owner that is known to have ended: its jobs wait for no lease; empty: none.
            check_rules: what becomes of flagged pictures; None: what is usual.
        """
        self.owner = owner or new_owner()
        self._predecessor = predecessor
        self._intervals = intervals or Intervals()
        self._jobs = jobs
        self._pool = pool
        self._context = RunnerContext(
            owner=self.owner, jobs=jobs, files=files, pool=pool, check_rules=check_rules or CheckRules()
        )
        self._runners: dict[str, JobRunner] = {}
        self._look = asyncio.Event()  # there may be something to claim, or room for it
        self._may_wait = True  # jobs may be queued: somebody said so, or nobody has looked for a while
        self._queued = jobs.db.wake.listen(QUEUED)
        self._loops: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        intervals = self._intervals
        backoff = Backoff(intervals.retry_s, max(intervals.retry_s, intervals.lease_s / 6))
        for name, work, every_s in (
            ("claim", self._claim, 0.0),
            ("wake", self._wake, 0.0),
            ("listen", self._listen, None),
            ("heartbeat", self._heartbeat, intervals.heartbeat_s),
            ("reap", self._reap, intervals.reap_s),
        ):
            self._loops[name] = supervise(f"dispatcher-{name}", work, every_s=every_s, backoff=backoff)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _cancel(self._loops[name] for name in ("claim", "wake", "reap"))
        await self._finish([runner for runner in self._runners.values() if runner.worker_id], self._intervals.drain_s)
        for runner in self._runners.values():
            runner.send(Interrupt.CLOSING)
        await self._finish(self._runners.values(), self._intervals.close_s)
        await _cancel(runner.task for runner in list(self._runners.values()) if runner.task)
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
            async with asyncio.timeout(self._intervals.poll_s):
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
                lease_s=self._intervals.lease_s,
                models=sorted({model for load in self._pool.loads().values() for model in load.models}),
            )
            for job in claimed:
                self._adopt(job)
            self._may_wait = self._may_wait or len(claimed) == limit

    def _adopt(self, job: Job) -> None:
        before = self._runners.get(job.id)
        if before is not None:  # its lease ran out unnoticed and it came back to us
            before.send(Interrupt.LEASE_LOST)
        runner = self._runners[job.id] = JobRunner(job, self._context)
        runner.task = asyncio.create_task(runner.run(before.task if before else None), name=f"job-{job.id}")
        runner.task.add_done_callback(partial(self._ended, runner))

    def _ended(self, runner: JobRunner, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            log.error("job %s is left to its lease", runner.job.id, exc_info=error)
        if self._runners.get(runner.job.id) is runner:
            del self._runners[runner.job.id]
        if not runner.submitted or any(other.worker_id is None for other in self._runners.values()):
            self._look.set()  # otherwise the pool says when there is room

    def _place(self) -> Placement:
        """Send the jobs that wait here to workers, and return what room is left."""
        waiting = [runner for runner in self._runners.values() if runner.worker_id is None]
        placement = place_jobs([runner.placement_request() for runner in waiting], self._capacities())
        for job_id, worker_id in placement.placed.items():
            self._runners[job_id].assign(worker_id)
        return placement

    def _capacities(self) -> list[WorkerCapacity]:
        workers = []
        for worker_id, load in self._pool.loads().items():
            here = [runner for runner in self._runners.values() if runner.worker_id == worker_id]
            free = dict(load.free)
            for runner in here:
                if not runner.submitted:  # on its way, and not yet counted by the pool
                    free[runner.job.kind] = max(0, free.get(runner.job.kind, 0) - 1)
            blames = tuple(runner.job.suspicion for runner in here)
            workers.append(
                WorkerCapacity(
                    worker_id=worker_id, free=free, models=load.models, adapters=load.adapters, blames=blames
                )
            )
        return workers

    async def _wake(self) -> None:
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
                if runner := self._of(job_id, attempt):
                    runner.send(Interrupt.WORKER_LOST)
        elif runner := self._of(event.job_id, event.attempt):
            if isinstance(event, Progress | Preview):
                runner.note(event)
            else:
                runner.send(event)

    def _of(self, job_id: str, attempt: int) -> JobRunner | None:
        """Return a job's runner; None for events of an attempt that is over."""
        runner = self._runners.get(job_id)
        return runner if runner is not None and runner.job.attempt == attempt else None

    # -- heartbeat, reap ----------------------------------------------------------------------------------------------

    async def _heartbeat(self) -> None:
        """Renew all leases in one call, and pass on what it says."""
        runners = list(self._runners.values())
        if not runners:
            return
        reports = [runner.report() for runner in runners]
        reply = await self._jobs.heartbeat(owner=self.owner, reports=reports, lease_s=self._intervals.lease_s)
        for runner in runners:
            if runner.job.id in reply.lost:
                runner.send(Interrupt.LEASE_LOST)
                continue
            if runner.job.id not in reply.skipped:
                runner.noted()
            if runner.job.id in reply.cancelled:
                runner.send(Interrupt.CANCELLED)

    async def _reap(self) -> None:
        """Give back the jobs of dispatchers that are no more, and let go of subjects that are no more."""
        held = {runner.job.id: runner.job.attempt for runner in self._runners.values()}
        if self._predecessor and (left := await self._jobs.reap_of(self._predecessor)):
            log.warning("%d jobs that were running when this was killed are back in the queue", len(left))
        self._predecessor = ""
        if reaped := await self._jobs.reap(held=held):  # its own are late at worst: it is here
            log.warning("%d jobs of a silent dispatcher are back in the queue", len(reaped))
        await self._forget()

    async def _forget(self) -> None:
        """Have the workers drop the adapters of subjects that were deleted: by looking, so no message can be lost."""
        held = {subject_id for load in self._pool.loads().values() for subject_id in load.adapters}
        if held and (gone := held - await self._jobs.db.read(existing_subjects, held)):
            await self._pool.forget(sorted(gone))

    async def _finish(self, runners: Iterable[JobRunner], timeout_s: float) -> None:
        if tasks := [runner.task for runner in runners if runner.task]:
            await asyncio.wait(tasks, timeout=timeout_s)


async def _cancel(tasks: "Iterable[asyncio.Task[None]]") -> None:
    cancelled = list(tasks)
    for task in cancelled:
        task.cancel()
    await asyncio.gather(*cancelled, return_exceptions=True)
