"""Workers on this machine: one spawned child per device."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

from common.supervisor import supervise
from inference.catalogue import Catalogue
from inference.messages import Cancel, Command, Failed, Finished, Forget, Stop, Task, UseCatalogue, WorkerLoad
from inference.pool import CapacityFreed, PoolEvent, WorkerGone, WorkerLost
from inference.pool.worker_process import WorkerProcess
from inference.worker import WorkerReport
from inference.worker_config import WorkerConfig

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a pool waits for its children."""

    hang_s: float = 300.0  # a busy or starting child that says nothing for so long is killed; loading a model counts
    stop_s: float = 5.0  # to leave by itself when told to
    back_off_s: float = 1.0  # before a child that died twice without ending a job is started again; doubles each time
    back_off_max_s: float = 60.0
    look_every_s: float = 1.0  # how often silence is looked at


def back_off_s(deaths: int, timeouts: Timeouts) -> float:
    """Return how long to wait after that many deaths in a row; the first costs nothing."""
    if deaths <= 1:
        return 0.0
    return float(min(timeouts.back_off_max_s, timeouts.back_off_s * 2 ** min(deaths - 2, 30)))


class LocalPool:
    """One child process per configuration, replaced when it dies; an async context manager.

    Worker ids are the configurations' devices. Implements `inference.pool.Pool`.
    """

    def __init__(self, configs: Sequence[WorkerConfig], *, timeouts: Timeouts | None = None) -> None:
        self._configs = {config.device: config for config in configs}
        if len(self._configs) != len(configs):
            raise ValueError("two workers on one device")
        self._timeouts = timeouts or Timeouts()
        self._processes: dict[str, WorkerProcess] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._unread: asyncio.Queue[tuple[WorkerProcess, WorkerReport | None] | None] = (
            asyncio.Queue()
        )  # bounded by each process

    async def __aenter__(self) -> Self:
        for worker_id, config in self._configs.items():
            self._processes[worker_id] = WorkerProcess(worker_id, config, self._deliver)
            self._keepers.append(supervise(f"keep-{worker_id}", partial(self._keep_running, worker_id)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(self._stop(process) for process in self._processes.values()))
        self._unread.put_nowait(None)

    def loads(self) -> Mapping[str, WorkerLoad]:
        """Return what each living worker could take now, by worker id."""
        loads = {worker_id: process.load() for worker_id, process in self._processes.items()}
        return {worker_id: load for worker_id, load in loads.items() if load is not None}

    def pids(self) -> Mapping[str, int]:
        """Return the living children's process ids, by worker id."""
        return {worker_id: process.pid for worker_id, process in self._processes.items() if not process.ended.is_set()}

    async def submit(self, worker_id: str, task: Task) -> None:
        """Hand a task to a worker.

        Raises:
            WorkerGone: it died, or there is none of that name; the task was not taken in.
        """
        process = self._processes.get(worker_id)
        if process is None:
            raise WorkerGone
        await process.admit(task)

    async def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Let a job go between two steps; with `keep` it ends early with what it has. Unknown ids are ignored."""
        for process in self._processes.values():
            if job_id in process.jobs:
                if not keep:
                    del process.jobs[job_id]
                await _send_if_alive(process, Cancel(job_id, keep))

    async def forget(self, subject_ids: Sequence[str]) -> None:
        """Have every worker drop the adapters of subjects that were deleted."""
        for process in list(self._processes.values()):
            await _send_if_alive(process, Forget(tuple(subject_ids)))

    async def use_catalogue(self, catalogue: Catalogue) -> None:
        """Have every worker, and all that are started later, make new jobs with these models."""
        for worker_id, config in self._configs.items():
            self._configs[worker_id] = replace(config, options={**config.options, "catalogue": catalogue})
        for process in list(self._processes.values()):
            await _send_if_alive(process, UseCatalogue(catalogue))

    async def events(self) -> AsyncIterator[PoolEvent]:
        """Yield what happens until the pool is closed, each worker's events in their order. One reader only."""
        while (item := await self._unread.get()) is not None:
            process, report = item
            if report is None:
                yield WorkerLost(process.worker_id, dict(process.jobs))
                continue
            more_capacity = process.update(report)
            for event in report.events:
                if isinstance(event, Finished | Failed) and process.jobs.get(event.job_id) == event.attempt:
                    del process.jobs[event.job_id]
                    process.ended_a_job = True
                yield event
            if more_capacity:
                yield CapacityFreed(process.worker_id)
            process.free_unread()

    def _deliver(self, process: WorkerProcess, report: WorkerReport | None) -> None:
        self._unread.put_nowait((process, report))

    async def _keep_running(self, worker_id: str) -> None:
        deaths = 0
        while True:
            process = self._processes[worker_id]
            await self._watch(process)
            deaths = 1 if process.ended_a_job else deaths + 1
            pause_s = back_off_s(deaths, self._timeouts)
            log.warning("worker %s died with %d jobs; a new one in %.1f s", worker_id, len(process.jobs), pause_s)
            if deaths == 2:  # said once: it is the device or the models, and no one job
                log.error(
                    "worker %s died twice without ending a job; `atelier doctor` looks at its device and its models",
                    worker_id,
                )
            await asyncio.sleep(pause_s)
            self._processes[worker_id] = WorkerProcess(worker_id, self._configs[worker_id], self._deliver)

    async def _watch(self, process: WorkerProcess) -> None:
        """Return when the child is gone; end it where it hangs."""
        while not process.ended.is_set():
            try:
                async with asyncio.timeout(self._timeouts.look_every_s):  # wait_for may swallow a cancel (Python 3.11)
                    await process.ended.wait()
            except TimeoutError:
                if not process.idle and process.silent_s() > self._timeouts.hang_s:
                    log.error("worker %s has hung for %.0f s and is replaced", process.worker_id, process.silent_s())
                    process.kill()

    async def _stop(self, process: WorkerProcess) -> None:
        try:
            async with asyncio.timeout(self._timeouts.stop_s):
                await process.send(Stop())
                await process.ended.wait()
        except (TimeoutError, WorkerGone):
            process.kill()
        for _ in range(64):
            process.free_unread()  # nobody reads any more; let the reader run to its end
        await process.ended.wait()


async def _send_if_alive(process: WorkerProcess, command: Command) -> None:
    try:
        await process.send(command)
    except WorkerGone:
        log.debug("worker %s is gone, and with it what it was to let go", process.worker_id)
