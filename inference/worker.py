"""One loop per device: engines taking turns, and what they report.

The worker knows neither its transport nor torch: a pool runs it (in a spawned child, in a Ray actor), and the engines
come from a factory that is named by its import path, so that nothing heavy is imported outside the worker's process.
"""

import contextlib
import gc
import importlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

from inference.catalogue import Catalogue
from inference.engines import Engine, EngineBuilders
from inference.fair_scheduler import FairScheduler, weights_for
from inference.messages import Admit, Cancel, Failed, FailureKind, Finished, Forget, JobEvent, UseCatalogue, WorkerLoad
from inference.worker_config import WorkerConfig

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker says at once. An empty one is a sign of life."""

    events: tuple[JobEvent, ...] = ()
    load: WorkerLoad | None = None  # when it changed
    admitted: int = 0  # tasks taken in since the start: `load` counts these and no later ones


class Worker:
    """Engines on one device, taking turns.

    An engine that raises loses all its jobs (each is reported as failed, to be tried again) and is built anew; the
    other engines go on. An error that leaves the device itself unusable is passed on: the process has to be replaced.
    """

    def __init__(self, config: WorkerConfig, *, clock: Callable[[], float] = time.perf_counter) -> None:
        """Import and build the engines.

        Raises:
            Exception: whatever the factory raises; without engines there is no worker.
        """
        self._builders = load_builders(config)
        self._engines = {kind: build() for kind, build in self._builders.items()}
        self._scheduler = FairScheduler(weights_for(config.train_share))
        self._jobs: dict[str, tuple[str, int]] = {}  # job id → kind, attempt; its inputs are the engine's to keep
        self._catalogue: Catalogue | None = None  # that came after the start
        self._clock = clock
        self.admitted = 0

    def handle(self, command: Admit | Cancel | Forget | UseCatalogue) -> None:
        """Carry out a command between two steps."""
        if isinstance(command, Admit):
            task = command.task
            self.admitted += 1
            self._jobs[task.job_id] = (task.request.kind, task.attempt)
            self._engines[task.request.kind].admit(task)
        elif isinstance(command, Forget):
            for engine in self._engines.values():  # optional for an engine, as `adapters` is
                getattr(engine, "forget", lambda _: None)(command.subject_ids)
        elif isinstance(command, UseCatalogue):
            self._catalogue = command.catalogue
            for engine in self._engines.values():  # optional as well
                _use_catalogue(engine, command.catalogue)
        elif found := self._jobs.get(command.job_id):
            if not command.keep:  # an early end still has things to report
                del self._jobs[command.job_id]
            self._engines[found[0]].cancel(command.job_id, keep=command.keep)

    def busy(self) -> bool:
        """Return whether a turn would do any work."""
        return any(engine.busy() for engine in self._engines.values())

    def has_jobs(self) -> bool:
        """Return whether there are jobs, though no engine may have anything to do before a model is loaded."""
        return bool(self._jobs)

    def step(self) -> list[JobEvent]:
        """Let the engine whose turn it is make one step, and return what happened."""
        kind = self._scheduler.choose([kind for kind, engine in self._engines.items() if engine.busy()])
        if kind is None:
            return []
        started_s = self._clock()
        try:
            events = self._engines[kind].step()
        except Exception as error:
            if _device_is_lost(error):
                raise
            log.exception("the %s engine failed with %d jobs", kind, self._count(kind))
            events = self._replace(kind, error)
        self._scheduler.record(kind, self._clock() - started_s)
        for event in events:
            if isinstance(event, Finished | Failed):
                self._jobs.pop(event.job_id, None)
        return events

    def load(self) -> WorkerLoad:
        """Return what could be taken in now, and what is in memory."""
        engines = self._engines.values()
        return WorkerLoad(
            free={kind: max(0, engine.free_slots()) for kind, engine in self._engines.items()},
            models=tuple(sorted({name for engine in engines for name in _resident(engine, "models")})),
            adapters=tuple(sorted({name for engine in engines for name in _resident(engine, "adapters")})),
            memory_bytes=sum(_memory_bytes(engine) for engine in engines),
        )

    def _replace(self, kind: str, error: Exception) -> list[JobEvent]:
        failure = FailureKind.OUT_OF_MEMORY if _is_out_of_memory(error) else FailureKind.INTERNAL
        reason = f"{type(error).__name__}: {error}"
        lost = [(job_id, attempt) for job_id, (its_kind, attempt) in self._jobs.items() if its_kind == kind]
        broken = self._engines.pop(kind)
        with contextlib.suppress(Exception):
            getattr(broken, "close", lambda: None)()  # its threads, and its holds on shared models
        del broken
        gc.collect()  # the old engine's memory has to be free before the new one loads its models
        self._engines[kind] = self._builders[kind]()
        if self._catalogue is not None:
            _use_catalogue(self._engines[kind], self._catalogue)
        return [Failed(job_id, attempt, failure, reason, retry=True) for job_id, attempt in lost]

    def _count(self, kind: str) -> int:
        return sum(its_kind == kind for its_kind, _ in self._jobs.values())


def load_builders(config: WorkerConfig) -> EngineBuilders:
    """Import the configured factory and call it.

    Raises:
        ImportError, AttributeError: there is no such factory.
    """
    module, _, name = config.engines.partition(":")
    factory = getattr(importlib.import_module(module), name)
    return cast(EngineBuilders, factory(config.device, **config.options))


def _use_catalogue(engine: Engine, catalogue: Catalogue) -> None:
    # optional for an engine: those that know no models need none
    getattr(engine, "use_catalogue", lambda _: None)(catalogue)


def _resident(engine: Engine, what: str) -> Iterable[str]:
    # optional for an engine: `models()` and `adapters()` name what it keeps in memory
    return cast(Iterable[str], getattr(engine, what, tuple)())


def _memory_bytes(engine: Engine) -> int:
    # optional as well: what those take
    return cast(int, getattr(engine, "memory_bytes", int)())


def _is_out_of_memory(error: Exception) -> bool:
    # torch.OutOfMemoryError, by name: the worker itself does not import torch
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _device_is_lost(error: Exception) -> bool:
    # after such an error every further call on the device fails until the process ends
    return not _is_out_of_memory(error) and (type(error).__name__ == "AcceleratorError" or "CUDA error" in str(error))
