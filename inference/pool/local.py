"""Workers on this machine: one spawned child per device."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from common.supervisor import supervise
from inference.messages import Cancel, Command, Failed, Finished, Forget, Load, Stop, Task
from inference.plan import WorkerPlan
from inference.pool import PoolEvent, RoomMade, WorkerGone, WorkerLost
from inference.pool.link import Link
from inference.worker import Bulletin

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a pool waits for its children."""

    hang_s: float = 300.0  # a busy or starting child that says nothing for so long is killed; loading a model counts
    stop_s: float = 5.0  # to leave by itself when told to
    back_off_s: float = 1.0  # before a child that died twice without ending a job is started again; doubles each time
    back_off_max_s: float = 60.0
    look_every_s: float = 1.0  # how often silence is looked at


def back_off_s(deaths: int, patience: Patience) -> float:
    """Return how long to wait after that many deaths in a row; the first costs nothing."""
    if deaths <= 1:
        return 0.0
    return float(min(patience.back_off_max_s, patience.back_off_s * 2 ** min(deaths - 2, 30)))


class LocalPool:
    """One child process per plan, replaced when it dies; an async context manager.

    Worker ids are the plans' devices. Implements `inference.pool.Pool`.
    """

    def __init__(self, plans: Sequence[WorkerPlan], *, patience: Patience | None = None) -> None:
        self._plans = {plan.device: plan for plan in plans}
        if len(self._plans) != len(plans):
            raise ValueError("two workers on one device")
        self._patience = patience or Patience()
        self._links: dict[str, Link] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._unread: asyncio.Queue[tuple[Link, Bulletin | None] | None] = asyncio.Queue()  # bounded by each link

    async def __aenter__(self) -> Self:
        for worker_id, plan in self._plans.items():
            self._links[worker_id] = Link(worker_id, plan, self._deliver)
            self._keepers.append(supervise(f"keep-{worker_id}", partial(self._keep, worker_id, plan)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(self._stop(link) for link in self._links.values()))
        self._unread.put_nowait(None)

    def loads(self) -> Mapping[str, Load]:
        """Return what each living worker could take now, by worker id."""
        loads = {worker_id: link.load() for worker_id, link in self._links.items()}
        return {worker_id: load for worker_id, load in loads.items() if load is not None}

    def pids(self) -> Mapping[str, int]:
        """Return the living children's process ids, by worker id."""
        return {worker_id: link.pid for worker_id, link in self._links.items() if not link.ended.is_set()}

    async def submit(self, worker_id: str, task: Task) -> None:
        """Hand a task to a worker.

        Raises:
            WorkerGone: it died, or there is none of that name; the task was not taken in.
        """
        link = self._links.get(worker_id)
        if link is None:
            raise WorkerGone
        await link.admit(task)

    async def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Let a job go between two steps; with `keep` it ends early with what it has. Unknown ids are ignored."""
        for link in self._links.values():
            if job_id in link.jobs:
                if not keep:
                    del link.jobs[job_id]
                await _tell(link, Cancel(job_id, keep))

    async def forget(self, subject_ids: Sequence[str]) -> None:
        """Have every worker drop the adapters of subjects that were deleted."""
        for link in list(self._links.values()):
            await _tell(link, Forget(tuple(subject_ids)))

    async def events(self) -> AsyncIterator[PoolEvent]:
        """Yield what happens until the pool is closed, each worker's events in their order. One reader only."""
        while (item := await self._unread.get()) is not None:
            link, bulletin = item
            if bulletin is None:
                yield WorkerLost(link.worker_id, dict(link.jobs))
                continue
            more_room = link.note(bulletin)
            for event in bulletin.events:
                if isinstance(event, Finished | Failed) and link.jobs.get(event.job_id) == event.attempt:
                    del link.jobs[event.job_id]
                    link.proved = True
                yield event
            if more_room:
                yield RoomMade(link.worker_id)
            link.read_one()

    def _deliver(self, link: Link, bulletin: Bulletin | None) -> None:
        self._unread.put_nowait((link, bulletin))

    async def _keep(self, worker_id: str, plan: WorkerPlan) -> None:
        deaths = 0
        while True:
            link = self._links[worker_id]
            await self._watch(link)
            deaths = 1 if link.proved else deaths + 1
            pause_s = back_off_s(deaths, self._patience)
            log.warning("worker %s died with %d jobs; a new one in %.1f s", worker_id, len(link.jobs), pause_s)
            await asyncio.sleep(pause_s)
            self._links[worker_id] = Link(worker_id, plan, self._deliver)

    async def _watch(self, link: Link) -> None:
        """Return when the child is gone; end it where it hangs."""
        while not link.ended.is_set():
            try:
                async with asyncio.timeout(self._patience.look_every_s):  # wait_for may swallow a cancel (Python 3.11)
                    await link.ended.wait()
            except TimeoutError:
                if not link.idle and link.silent_s() > self._patience.hang_s:
                    log.error("worker %s has hung for %.0f s and is replaced", link.worker_id, link.silent_s())
                    link.kill()

    async def _stop(self, link: Link) -> None:
        try:
            async with asyncio.timeout(self._patience.stop_s):
                await link.send(Stop())
                await link.ended.wait()
        except (TimeoutError, WorkerGone):
            link.kill()
        for _ in range(64):
            link.read_one()  # nobody reads any more; let the reader run to its end
        await link.ended.wait()


async def _tell(link: Link, command: Command) -> None:
    try:
        await link.send(command)
    except WorkerGone:
        log.debug("worker %s is gone, and with it what it was to let go", link.worker_id)
