"""One job's way from its claim to its end."""

import asyncio
import logging
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from db.errors import UnknownJob
from db.file_keys import PREVIEW_PICTURE, PREVIEW_TEXT, checkpoint_name, job_file, job_folder
from db.files import FileStore
from db.jobs import End, Job, JobStore, Report, State
from db.lease import EXPIRATIONS_A_BLAME, MAX_BLAMED
from inference.dispatcher.inputs import CHECKPOINT, earlier_checkpoints, load_task
from inference.dispatcher.persistence import persist
from inference.errors import BadRequest
from inference.messages import Checkpoint, Failed, FailureKind, Finished, Output, Preview, Progress
from inference.placement import PlacementRequest
from inference.pool import Pool, WorkerGone
from inference.pricing import owed
from inference.requests import Kind

log = logging.getLogger(__name__)

CANCELLED = End(state=State.CANCELLED, charge=0)  # nothing is kept, so nothing is charged
PREVIEW_NAMES = {"image/webp": PREVIEW_PICTURE, "text/plain": PREVIEW_TEXT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every escort works with."""

    owner: str
    jobs: JobStore
    files: FileStore
    pool: Pool


@dataclass(frozen=True, slots=True)
class Placed:
    """A worker was chosen for the job."""

    worker_id: str


class Notice(Enum):
    """What may end a job from outside."""

    CANCELLED = "somebody asked for its end"
    LEASE_LOST = "it belongs to another dispatcher now"
    WORKER_LOST = "its worker died"
    CLOSING = "this dispatcher is being stopped"


Letter = Placed | Output | Checkpoint | Finished | Failed | Notice


class Escort:
    """See one claimed job through: read its inputs, hand it to its worker, keep what it makes, settle it.

    Files are written before the settling transaction, under names that do not depend on the attempt. Two dispatchers
    that both believe a job is theirs write the same names, whole files each (seeds are part of the request, so also the
    same pictures); which of them settles is decided by the lease. Only checkpoints, which differ in how far they have
    come, have a name for each attempt.
    """

    def __init__(self, job: Job, means: Means) -> None:
        self.job = job
        self.worker_id: str | None = None  # the dispatcher's choice
        self.submitted = False  # from here on the pool counts its slot
        self.task: asyncio.Task[None] | None = None
        self._means = means
        self._mail: asyncio.Queue[Letter] = asyncio.Queue()
        self._resumes = False  # it goes on from a checkpoint
        self._files: dict[str, dict[str, Any]] = {}
        self._progress = (0, 0)
        self.writing: asyncio.Task[None] | None = None  # of previews
        self._preview: Preview | None = None  # to be written
        self._previews = self._telling = self._told = 0  # written, said at this beat, and noted by the store
        self._left_over: set[str] = set()  # files that nobody needs once the job has ended
        self._previewing = asyncio.Lock()
        self._over = False  # no preview is written any more

    @property
    def suspicion(self) -> int:
        """How much speaks for its being what kills workers, as deaths that it is blamed for: see `placement`."""
        return max(self.job.blamed, self.job.expirations // EXPIRATIONS_A_BLAME)

    # -- what the dispatcher calls ------------------------------------------------------------------------------------

    def placement_request(self) -> PlacementRequest:
        """Return what kind of worker it needs."""
        subjects = [use["subject_id"] for use in self.job.request.get("subjects", ())]
        return PlacementRequest(
            job_id=self.job.id, kind=self.job.kind, model=self.job.model, adapters=subjects, blamed=self.suspicion
        )

    def place(self, placed: Placed) -> None:
        """Send it to a worker."""
        self.worker_id = placed.worker_id
        self.tell(placed)

    def tell(self, letter: Letter) -> None:
        """Let it know what happened."""
        self._mail.put_nowait(letter)

    def note(self, event: Progress | Preview) -> None:
        """Remember the newest progress for the next beat, and write the newest preview beside it."""
        if isinstance(event, Progress):
            self._progress = (event.done, event.total)
            return
        self._preview = event
        if self.writing is None or self.writing.done():
            self.writing = asyncio.create_task(self._write_previews(), name=f"previews-{self.job.id}")

    def report(self) -> Report:
        """Return what this beat says of it. It waits for nothing: a beat is about all jobs."""
        done, total = self._progress
        self._telling = self._previews
        preview = self._telling > self._told
        return Report(job_id=self.job.id, attempt=self.job.attempt, done=done, total=total, preview=preview)

    def noted(self) -> None:
        """Take in that the store has noted the latest report."""
        self._told = self._telling

    async def run(self, after: "asyncio.Task[None] | None" = None) -> None:
        """See the job through.

        Args:
            after: this dispatcher's earlier attempt at the same job, to be over first.
        """
        try:
            if after is not None:
                await asyncio.wait([after])
            await self._see_through()
        except UnknownJob:
            log.info("job %s was deleted while it ran", self.job.id)
            await self._means.pool.cancel(self.job.id)
            await self._clear()
        except Exception:
            log.exception("job %s: something unforeseen; it is given back", self.job.id)
            await self._means.pool.cancel(self.job.id)
            await self._give_back(blame=True)

    # -- its life -----------------------------------------------------------------------------------------------------

    async def _see_through(self) -> None:
        letter = await self._mail.get()
        while letter is Notice.CANCELLED and self.job.cancel_requested:  # it will be said again to its worker
            letter = await self._mail.get()
        try:
            if isinstance(letter, Placed):
                await self._hand_over(letter)
                letter = await self._mail.get()
            async with asyncio.TaskGroup() as group:
                writing: set[asyncio.Task[None]] = set()
                while isinstance(letter, Output | Checkpoint) or (letter is Notice.CANCELLED and self._may_end_early()):
                    if isinstance(letter, Notice):
                        await self._end_early()
                    else:
                        writing = {task for task in writing if not task.done()}
                        writing.add(group.create_task(self._keep(letter, after=frozenset(writing))))
                    letter = await self._mail.get()
            await self._end(letter)
        except BadRequest as error:
            await self._fail(FailureKind.BAD_INPUT, str(error))
        except WorkerGone:
            await self._give_back(blame=False)

    async def _hand_over(self, placed: Placed) -> None:
        task = await load_task(self.job, self._means.files)
        self._resumes = CHECKPOINT in task.inputs
        await self._means.pool.submit(placed.worker_id, task)
        self.submitted = True
        if self.job.cancel_requested:  # during an earlier attempt, whose worker was lost: all it has to do is to end
            self.tell(Notice.CANCELLED)

    def _may_end_early(self) -> bool:
        """Tell whether a job that is asked to stop has something worth keeping: a training after its first steps."""
        return self.job.kind == Kind.TRAIN and (self._progress[0] > 0 or self._resumes)

    async def _end_early(self) -> None:
        await self._means.pool.cancel(self.job.id, keep=True)  # what it has made comes next, then its end

    async def _keep(self, letter: Output | Checkpoint, *, after: frozenset["asyncio.Task[None]"]) -> None:
        """Write a file; a checkpoint after everything that came before it, for whoever goes on from it has the rest."""
        if isinstance(letter, Output):
            self._files[letter.name] = {"media_type": letter.media_type, **letter.meta}
            await self._write(letter.name, letter.content)
        else:
            name = checkpoint_name(self.job.attempt)
            self._left_over.add(name)
            if after:
                await asyncio.wait(after)
            await self._write(name, letter.content)

    async def _write(self, name: str, content: bytes) -> None:
        write = partial(self._means.files.put, job_file(self.job.id, name), content)
        await persist(f"writing {name} of job {self.job.id}", write)

    async def _end(self, letter: Letter) -> None:
        match letter:
            case Finished(done=0) if self.job.kind == Kind.TRAIN:  # it was to end early, and its checkpoint was damaged
                await self._settle(CANCELLED)
            case Finished():
                await self._settle(self._done(letter))
            case Failed(retry=True) if self.job.blamed + 1 < MAX_BLAMED:
                log.warning("job %s failed (%s) and is tried again: %s", self.job.id, letter.failure, letter.message)
                await self._give_back(blame=True)
            case Failed():
                await self._fail(letter.failure, letter.message)
            case Notice.WORKER_LOST:
                await self._give_back(blame=True)
            case Notice.CANCELLED:
                await self._means.pool.cancel(self.job.id)
                await self._settle(CANCELLED)
            case Notice.LEASE_LOST:
                log.warning("job %s is not ours any more", self.job.id)
                await self._means.pool.cancel(self.job.id)
                await self._let_go()
            case Notice.CLOSING:
                await self._means.pool.cancel(self.job.id)
                await self._give_back(blame=False)

    # -- its end ------------------------------------------------------------------------------------------------------

    def _done(self, finished: Finished) -> End:
        kind = Kind(self.job.kind)
        charge = owed(kind, self.job.price, done=finished.done, total=finished.total)
        return End(state=State.DONE, charge=charge, outcome={**finished.summary, "files": self._files})

    async def _fail(self, failure: FailureKind, message: str) -> None:
        log.warning("job %s failed (%s): %s", self.job.id, failure, message)
        await self._settle(End(state=State.FAILED, charge=0, error_code=str(failure), error_text=message))

    async def _settle(self, end: End) -> None:
        means, job = self._means, self.job
        settle = partial(means.jobs.settle, owner=means.owner, job_id=job.id, attempt=job.attempt, end=end)
        if not await persist(f"settling job {job.id}", settle):
            log.warning("job %s ended too late here; another dispatcher has it", job.id)
            await self._let_go()
        elif end.state is State.DONE:
            await self._end_previews()
            await self._tidy()
        else:
            await self._clear()

    async def _let_go(self) -> None:
        """Leave what was written to whoever has the job now, unless it came to nothing or was deleted meanwhile."""
        job = await self._means.jobs.get(self.job.id)
        if job is None or (job.final and (job.deleted or job.state is not State.DONE)):
            await self._clear()
        elif job.final:
            await self._tidy()

    async def _tidy(self) -> None:
        """Delete what nobody needs besides the result."""
        files = self._means.files
        for key in [job_file(self.job.id, name) for name in self._left_over]:
            await files.delete(key)
        for key in await earlier_checkpoints(self.job, files):
            await files.delete(key)

    async def _clear(self) -> None:
        await self._end_previews()
        await self._means.files.delete_tree(job_folder(self.job.id))

    async def _end_previews(self) -> None:
        async with self._previewing:
            self._over = True

    async def _give_back(self, *, blame: bool) -> None:
        means, job = self._means, self.job
        give_back = partial(means.jobs.give_back, owner=means.owner, attempts={job.id: job.attempt}, blame=blame)
        await persist(f"giving job {job.id} back", give_back)

    async def _write_previews(self) -> None:
        """Write the newest preview, as long as there is a newer one."""
        while (preview := self._preview) is not None:
            self._preview = None
            if await self._write_preview(preview):
                self._previews += 1

    async def _write_preview(self, preview: Preview) -> bool:
        name = PREVIEW_NAMES[preview.media_type]
        async with self._previewing:
            if self._over:
                return False
            try:
                await self._means.files.put(job_file(self.job.id, name), preview.content)
            except Exception as error:  # an object store has errors of its own, and a picture goes on without a preview
                log.warning("job %s: a preview could not be written: %s", self.job.id, type(error).__name__)
                return False
            self._left_over.add(name)
            return True
