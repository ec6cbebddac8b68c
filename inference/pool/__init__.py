"""Where workers live: they are started, fed, watched and replaced here.

Knows: processes, pipes, devices, which worker holds which job. Does not know: the database, files, credits, what an
engine computes. The event loop's process never imports torch: devices are counted and engines are built by children.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from inference.errors import InferenceError
from inference.messages import JobEvent, Task, WorkerLoad


class WorkerGone(InferenceError):
    """The worker has died; the job was not taken in."""

    message = "The worker died before it took the job."


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A worker died, or was killed because it hung. Its last event: all it said before was delivered before."""

    worker_id: str
    jobs: Mapping[str, int]  # what it held: job id → attempt


@dataclass(frozen=True, slots=True)
class CapacityFreed:
    """A worker has more room than before; `loads` says how much."""

    worker_id: str


PoolEvent = JobEvent | WorkerLost | CapacityFreed


class Pool(Protocol):
    """Workers on this machine (`LocalPool`) or on a cluster."""

    def loads(self) -> Mapping[str, WorkerLoad]:
        """Return what each living worker could take now, by worker id."""
        ...

    async def submit(self, worker_id: str, task: Task) -> None:
        """Hand a task to a worker.

        Raises:
            WorkerGone: it died; the task was not taken in.
        """
        ...

    async def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Let a job go between two steps; with `keep` it ends early with what it has. Unknown ids are ignored."""
        ...

    async def forget(self, subject_ids: Sequence[str]) -> None:
        """Have every worker drop the adapters of subjects that were deleted."""
        ...

    def events(self) -> AsyncIterator[PoolEvent]:
        """Yield what happens, each worker's events in their order. One reader only."""
        ...
