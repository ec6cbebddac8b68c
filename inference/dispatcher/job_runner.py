"""One job's way from its claim to its end."""

import asyncio
import logging

from db.errors import UnknownJob
from db.queue.heartbeat import Report
from db.queue.job import Job
from inference.dispatcher.inputs import CHECKPOINT, load_task
from inference.dispatcher.job_files import JobFiles
from inference.dispatcher.runner_context import RunnerContext
from inference.dispatcher.runner_events import Interrupt, Placed, RunnerEvent
from inference.dispatcher.settlement import Settlement
from inference.errors import BadRequest
from inference.messages import Checkpoint, Failed, FailureKind, Finished, Output, Preview, Progress
from inference.placement import PlacementRequest
from inference.pool import WorkerGone
from inference.requests import Kind

log = logging.getLogger(__name__)


class JobRunner:
    """Runs one claimed job: places it on a worker, collects what it makes, finishes it.

    Files are written before the settling transaction; see `JobFiles`.
    """

    def __init__(self, job: Job, context: RunnerContext) -> None:
        self.job = job
        self.worker_id: str | None = None  # the dispatcher's choice
        self.submitted = False  # from here on the pool counts its slot
        self.task: asyncio.Task[None] | None = None
        self.files = JobFiles(job, context.files)
        self._context = context
        self._settlement = Settlement(job, self.files, context)
        self._events: asyncio.Queue[RunnerEvent] = asyncio.Queue()
        self._resumes = False  # it goes on from a checkpoint
        self._progress = (0, 0)

    # -- what the dispatcher calls ------------------------------------------------------------------------------------

    def placement_request(self) -> PlacementRequest:
        """Return what kind of worker it needs."""
        subjects = [use["subject_id"] for use in self.job.request.get("subjects", ())]
        return PlacementRequest(
            job_id=self.job.id, kind=self.job.kind, model=self.job.model, adapters=subjects, blamed=self.job.suspicion
        )

    def assign(self, worker_id: str) -> None:
        """Send it to a worker."""
        self.worker_id = worker_id
        self.send(Placed(worker_id))

    def send(self, event: RunnerEvent) -> None:
        """Let it know what happened."""
        self._events.put_nowait(event)

    def note(self, event: Progress | Preview) -> None:
        """Remember the newest progress for the next heartbeat, and write the newest preview beside it."""
        if isinstance(event, Progress):
            self._progress = (event.done, event.total)
        else:
            self.files.previews.write(event)

    def report(self) -> Report:
        """Return what this heartbeat says of it. It waits for nothing: a heartbeat is about all jobs."""
        done, total = self._progress
        preview = self.files.previews.report()
        return Report(job_id=self.job.id, attempt=self.job.attempt, done=done, total=total, preview=preview)

    def noted(self) -> None:
        """Take in that the store has noted the latest report."""
        self.files.previews.noted()

    async def run(self, after: "asyncio.Task[None] | None" = None) -> None:
        """Run the job to its end.

        Args:
            after: this dispatcher's earlier attempt at the same job, to be over first.
        """
        try:
            if after is not None:
                await asyncio.wait([after])
            await self._run()
        except UnknownJob:
            log.info("job %s was deleted while it ran", self.job.id)
            await self._context.pool.cancel(self.job.id)
            await self.files.delete_all()
        except Exception:
            log.exception("job %s: something unforeseen; it is given back", self.job.id)
            await self._context.pool.cancel(self.job.id)
            await self._settlement.give_back(blame=True)

    async def _run(self) -> None:
        try:
            first = await self._place()
            last = await self._collect(first)
            await self._finish(last)
        except BadRequest as error:
            await self._settlement.fail(FailureKind.BAD_INPUT, str(error))
        except WorkerGone:
            await self._settlement.give_back(blame=False)

    # -- place --------------------------------------------------------------------------------------------------------

    async def _place(self) -> RunnerEvent:
        """Wait for a worker and hand the job over; return what happens next."""
        event = await self._events.get()
        while event is Interrupt.CANCELLED and self.job.cancel_requested:  # it will be said again to its worker
            event = await self._events.get()
        if not isinstance(event, Placed):
            return event
        task = await load_task(self.job, self._context.files)
        self._resumes = CHECKPOINT in task.inputs
        await self._context.pool.submit(event.worker_id, task)
        self.submitted = True
        if self.job.cancel_requested:  # during an earlier attempt, whose worker was lost: all it has to do is to end
            self.send(Interrupt.CANCELLED)
        return await self._events.get()

    # -- collect ------------------------------------------------------------------------------------------------------

    async def _collect(self, event: RunnerEvent) -> RunnerEvent:
        """Write the files that come, and have the job end early where that is asked for; return what ends it."""
        async with asyncio.TaskGroup() as group:
            writing: set[asyncio.Task[None]] = set()
            while True:
                if isinstance(event, Output | Checkpoint):
                    writing = {task for task in writing if not task.done()}
                    writing.add(group.create_task(self.files.write(event, after=frozenset(writing))))
                elif event is Interrupt.CANCELLED and self._may_end_early():
                    await self._context.pool.cancel(self.job.id, keep=True)  # what it has made comes next, then its end
                else:
                    return event
                event = await self._events.get()

    def _may_end_early(self) -> bool:
        """Tell whether a job that is asked to stop has something worth keeping: a training after its first steps."""
        return self.job.kind == Kind.TRAIN and (self._progress[0] > 0 or self._resumes)

    # -- finish -------------------------------------------------------------------------------------------------------

    async def _finish(self, event: RunnerEvent) -> None:
        end = self._settlement
        match event:
            case Finished(done=0) if self.job.kind == Kind.TRAIN:  # it was to end early, and its checkpoint was damaged
                await end.cancel()
            case Finished():
                await end.complete(event)
            case Failed(retry=True) if self.job.may_fail_again:
                log.warning("job %s failed (%s) and is tried again: %s", self.job.id, event.failure, event.message)
                await end.give_back(blame=True)
            case Failed():
                await end.fail(event.failure, event.message)
            case Interrupt():
                await self._interrupted(event)

    async def _interrupted(self, interrupt: Interrupt) -> None:
        if interrupt is Interrupt.WORKER_LOST:
            await self._settlement.give_back(blame=True)
            return
        await self._context.pool.cancel(self.job.id)
        if interrupt is Interrupt.CANCELLED:
            await self._settlement.cancel()
        elif interrupt is Interrupt.LEASE_LOST:
            log.warning("job %s is not ours any more", self.job.id)
            await self._settlement.let_go()
        else:
            await self._settlement.give_back(blame=False)
