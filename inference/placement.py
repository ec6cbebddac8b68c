"""Which worker takes which job, and who may share one. Pure.

A worker that dies is held against every job it had, though one alone may have killed it. So that the guilty one does
not take innocent neighbours down again and again: a job blamed once shares only with jobs that are not blamed at all,
and a job blamed twice (its last chance) runs alone. However many such jobs there are, a neighbour that is innocent is
blamed at most twice, and ends. Leases that ran out are counted into it, several for one death (a job's `suspicion`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

LAST_CHANCE = 2  # blamed so often, a job runs alone


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementRequest:
    """A job that waits for a worker."""

    job_id: str
    kind: str
    model: str
    adapters: Collection[str] = ()
    blamed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCapacity:
    """What a worker could take: its free slots, what is in its memory, and how often each job on it was blamed."""

    worker_id: str
    free: Mapping[str, int]  # slots by kind of job
    models: Collection[str] = ()
    adapters: Collection[str] = ()
    blames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """Which job goes where, and how many more of each kind could be placed after that."""

    placed: Mapping[str, str]  # job id → worker id
    room: Mapping[str, int]


def may_share(blamed: int, blames: Collection[int]) -> bool:
    """Return whether a job that was blamed so often may share a worker with others, by how often those were."""
    if not blames:
        return True
    if blamed >= LAST_CHANCE or max(blames) >= LAST_CHANCE:
        return False
    return blamed == 0 or max(blames) == 0


def place_jobs(requests: Sequence[PlacementRequest], workers: Sequence[WorkerCapacity]) -> Placement:
    """Place jobs, the first first: where their model and adapters are in memory, then where there is most room.

    A job that has to run alone and finds every worker occupied reserves the emptiest one, which then takes nobody else.
    """
    workers_now = {worker.worker_id: worker for worker in workers}
    reserved: set[str] = set()
    placed: dict[str, str] = {}
    waiting: dict[str, int] = {}
    for request in requests:
        open_workers = [worker for worker in workers_now.values() if worker.worker_id not in reserved]
        fitting = [w for w in open_workers if w.free.get(request.kind, 0) > 0 and may_share(request.blamed, w.blames)]
        if fitting:
            worker = max(fitting, key=lambda worker: _fitness(request, worker))
            placed[request.job_id] = worker.worker_id
            workers_now[worker.worker_id] = _taking(worker, request)
            continue
        waiting[request.kind] = waiting.get(request.kind, 0) + 1
        able = [worker for worker in open_workers if request.kind in worker.free]
        if request.blamed >= LAST_CHANCE and able:
            reserved.add(min(able, key=lambda worker: len(worker.blames)).worker_id)
    room: dict[str, int] = {}
    for worker in workers_now.values():
        if worker.worker_id not in reserved and may_share(0, worker.blames):
            for kind, free in worker.free.items():
                room[kind] = room.get(kind, 0) + free
    return Placement(placed, {kind: max(0, free - waiting.get(kind, 0)) for kind, free in room.items()})


def _fitness(request: PlacementRequest, worker: WorkerCapacity) -> tuple[bool, int, int]:
    adapters = sum(adapter in worker.adapters for adapter in request.adapters)
    return request.model in worker.models, adapters, worker.free[request.kind] - len(worker.blames)


def _taking(worker: WorkerCapacity, request: PlacementRequest) -> WorkerCapacity:
    free = {**worker.free, request.kind: worker.free[request.kind] - 1}
    return replace(worker, free=free, blames=(*worker.blames, request.blamed))
