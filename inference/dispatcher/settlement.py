"""How a job ends here: settled with a result or without one, given back, or left to the dispatcher that has it now."""

import logging
from functools import partial

from db.queue.finding import find_job
from db.queue.job import End, Job, State
from inference.checks import place_kind, withheld_names
from inference.dispatcher.job_files import JobFiles
from inference.dispatcher.retries import retry
from inference.dispatcher.runner_context import RunnerContext
from inference.messages import FailureKind, Finished
from inference.pricing import charged_without, owed
from inference.requests import Kind

log = logging.getLogger(__name__)


class Settlement:
    """The end of one attempt at a job: its row first, then its files."""

    def __init__(self, job: Job, files: JobFiles, context: RunnerContext) -> None:
        self._job = job
        self._files = files
        self._context = context

    async def complete(self, finished: Finished) -> None:
        """Settle a job that has a result, and charge for what was computed, but for no picture that is withheld."""
        charge = owed(Kind(self._job.kind), self._job.price, done=finished.done, total=finished.total)
        place = place_kind(self._job.guild_id, age_restricted=self._job.age_restricted)
        files = self._context.check_rules.withhold(self._files.outputs, place)
        withheld = withheld_names(files)
        charge = charged_without(charge, withheld=len(withheld), pictures=len(files))
        end = End(state=State.DONE, charge=charge, outcome={**finished.summary, "files": files}, withheld=len(withheld))
        await self._settle(end)

    async def fail(self, failure: FailureKind, message: str) -> None:
        """Settle a job that came to nothing."""
        log.warning("job %s failed (%s): %s", self._job.id, failure, message)
        await self._settle(End(state=State.FAILED, charge=0, error_code=str(failure), error_text=message))

    async def cancel(self) -> None:
        """Settle a job that somebody stopped: nothing is kept, so nothing is charged."""
        await self._settle(End(state=State.CANCELLED, charge=0))

    async def give_back(self, *, blame: bool) -> None:
        """Put the job back in the queue; `blame`: it may have been its own fault."""
        context, job = self._context, self._job
        give_back = partial(context.jobs.give_back, owner=context.owner, attempts={job.id: job.attempt}, blame=blame)
        await retry(f"giving job {job.id} back", give_back)

    async def let_go(self) -> None:
        """Leave what was written to whoever has the job now, unless it came to nothing or was deleted meanwhile."""
        job = await self._context.jobs.db.read(find_job, self._job.id)
        if job is None or (job.final and (job.deleted or job.state is not State.DONE)):
            await self._files.delete_all()
        elif job.final:
            await self._files.keep_result()

    async def _settle(self, end: End) -> None:
        context, job = self._context, self._job
        settle = partial(context.jobs.settle, owner=context.owner, job_id=job.id, attempt=job.attempt, end=end)
        if not await retry(f"settling job {job.id}", settle):
            log.warning("job %s ended too late here; another dispatcher has it", job.id)
            await self.let_go()
        elif end.state is State.DONE:
            await self._files.previews.close()
            await self._files.keep_result()
        else:
            await self._files.delete_all()
