"""Which worker takes which job, and who may share one. Pure.

A worker that dies is held against every job it had, though one alone may have killed it. So that the guilty one does
not take innocent neighbours down again and again: a job blamed once shares only with jobs that are not blamed at all,
and a job blamed twice (its last chance) runs alone. However many such jobs there are, a neighbour that is innocent is
blamed at most twice, and ends. Leases that ran out are counted into it, several for one death (`Escort.suspicion`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

LAST_CHANCE = 2  # blamed so often, a job runs alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A job that wants a worker."""

    job_id: str
    kind: str
    model: str
    adapters: Collection[str] = ()
    blamed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A worker as it stands: its room, its memory, and how often each job aboard was blamed."""

    worker_id: str
    free: Mapping[str, int]  # slots by kind of job
    models: Collection[str] = ()
    adapters: Collection[str] = ()
    aboard: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Who goes where now, and how many more jobs of each kind could be placed after that."""

    placed: Mapping[str, str]  # job id → worker id
    room: Mapping[str, int]


def may_join(blamed: int, aboard: Collection[int]) -> bool:
    """Return whether a job that was blamed so often may share a worker with the jobs aboard."""
    if not aboard:
        return True
    if blamed >= LAST_CHANCE or max(aboard) >= LAST_CHANCE:
        return False
    return blamed == 0 or max(aboard) == 0


def arrange(wishes: Sequence[Wish], seats: Sequence[Seat]) -> Arrangement:
    """Place jobs, the first first: where their model and adapters are in memory, then where there is most room.

    A job that has to run alone and finds every worker occupied reserves the emptiest one, which then takes nobody else.
    """
    standing = {seat.worker_id: seat for seat in seats}
    reserved: set[str] = set()
    placed: dict[str, str] = {}
    waiting: dict[str, int] = {}
    for wish in wishes:
        open_seats = [seat for seat in standing.values() if seat.worker_id not in reserved]
        fitting = [s for s in open_seats if s.free.get(wish.kind, 0) > 0 and may_join(wish.blamed, s.aboard)]
        if fitting:
            seat = max(fitting, key=lambda seat: _suits(wish, seat))
            placed[wish.job_id] = seat.worker_id
            standing[seat.worker_id] = _with(seat, wish)
            continue
        waiting[wish.kind] = waiting.get(wish.kind, 0) + 1
        able = [seat for seat in open_seats if wish.kind in seat.free]
        if wish.blamed >= LAST_CHANCE and able:
            reserved.add(min(able, key=lambda seat: len(seat.aboard)).worker_id)
    room: dict[str, int] = {}
    for seat in standing.values():
        if seat.worker_id not in reserved and may_join(0, seat.aboard):
            for kind, free in seat.free.items():
                room[kind] = room.get(kind, 0) + free
    return Arrangement(placed, {kind: max(0, free - waiting.get(kind, 0)) for kind, free in room.items()})


def _suits(wish: Wish, seat: Seat) -> tuple[bool, int, int]:
    adapters = sum(adapter in seat.adapters for adapter in wish.adapters)
    return wish.model in seat.models, adapters, seat.free[wish.kind] - len(seat.aboard)


def _with(seat: Seat, wish: Wish) -> Seat:
    free = {**seat.free, wish.kind: seat.free[wish.kind] - 1}
    return replace(seat, free=free, aboard=(*seat.aboard, wish.blamed))
