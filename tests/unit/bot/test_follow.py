"""Following jobs: cards are edited at a pace, ends are shown at once, nobody waits for another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from bot.shared.delivery.follow import Follower
from bot.shared.forecast import Forecast
from bot.shared.services import Services
from db.queue.delivery import Changes, changed_since, undelivered_jobs
from db.queue.job import Job, State
from db.wake import Wake
from tests.support.bot.jobs import NOON, make_job

NEVER_S = 3600.0  # so long that a test that waits for it fails


class Jobs:
    """A database of jobs in memory: what is put into it is a change."""

    def __init__(self) -> None:
        self.wake = Wake(None)
        self.all: dict[str, Job] = {}
        self.away = 0  # for so many questions
        self.past: set[str] = set()  # committed later than a follower looks back

    def put(self, job: Job) -> Job:
        before = self.all.get(job.id)
        job = replace(job, revision=before.revision + 1 if before else 0)
        self.all[job.id] = job
        self.wake.notify("changed")
        return job

    async def read(self, work: Callable[..., Any], *args: Any, **named: Any) -> Any:
        answers: dict[Callable[..., Any], Callable[..., Any]] = {
            changed_since: self._changed_since,
            undelivered_jobs: self._undelivered,
        }
        return answers[work](*args, **named)

    def _changed_since(self, cursor: object, seen: object) -> Changes:
        if self.away:
            self.away -= 1
            raise OSError("the database does not answer")
        return Changes(jobs=[job for id, job in self.all.items() if id not in self.past], cursor=NOON)

    def _undelivered(self, limit: int = 2, *, after: Job | None = None) -> list[Job]:
        ended = sorted(job.id for job in self.all.values() if job.final and (after is None or job.id > after.id))
        return [self.all[job_id] for job_id in ended[:limit]]


class Screen:
    """What was shown; an edit can be held up, and can fail."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.shown: list[tuple[str, State, int]] = []
        self.held: dict[str, asyncio.Event] = {}
        self.failing = 0
        self.pause_s: float | None = 0.0
        self.changed = asyncio.Condition()

    async def update(self, job: Job) -> float | None:
        await self._show(job)
        return self.pause_s

    async def deliver(self, job: Job) -> None:
        await self._show(job)
        del self.jobs.all[job.id]  # delivered jobs are no longer reported as changed

    async def _show(self, job: Job) -> None:
        if job.id in self.held:
            await self.held[job.id].wait()
        if self.failing:
            self.failing -= 1
            raise OSError("the platform does not answer")
        async with self.changed:
            self.shown.append((job.id[-1], job.state, job.progress_done))
            self.changed.notify_all()

    async def until(self, *shown: tuple[str, State, int]) -> None:
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: self.shown == list(shown))


@asynccontextmanager
async def following(edit_every_s: float, first_s: float = 0.0) -> AsyncIterator[tuple[Jobs, Screen]]:
    jobs = Jobs()
    screen = Screen(jobs)
    screen.pause_s = edit_every_s
    services = cast(Services, SimpleNamespace(db=jobs, forecast=Forecast()))
    follower = Follower(
        services,
        update=screen.update,
        deliver=screen.deliver,
        first_s=first_s,
        retry_s=(0.0,),
        sweep_every_s=0.0,
    )
    task = asyncio.create_task(follower.run())
    try:
        yield jobs, screen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def running(done: int, **changes: Any) -> Job:
    return make_job(state=State.RUNNING, progress_done=done, progress_total=20, **changes)


async def test_a_new_job_is_shown_at_once() -> None:
    async with following(NEVER_S) as (jobs, screen):
        jobs.put(make_job())
        await screen.until(("1", State.QUEUED, 0))


async def test_a_job_that_ends_at_once_is_shown_once() -> None:
    async with following(NEVER_S, first_s=NEVER_S) as (jobs, screen):
        jobs.put(make_job())
        await asyncio.sleep(0)
        jobs.put(make_job(state=State.DONE))
        await screen.until(("1", State.DONE, 0))


async def test_progress_waits_for_its_turn_but_the_end_does_not() -> None:
    async with following(NEVER_S) as (jobs, screen):
        jobs.put(make_job())
        await screen.until(("1", State.QUEUED, 0))
        jobs.put(running(1))
        jobs.put(running(2))
        jobs.put(make_job(state=State.DONE))
        await screen.until(("1", State.QUEUED, 0), ("1", State.DONE, 0))


async def test_of_several_changes_the_newest_is_shown() -> None:
    async with following(0.0) as (jobs, screen):
        job = make_job()
        screen.held[job.id] = asyncio.Event()
        jobs.put(job)
        await asyncio.sleep(0)
        for done in range(1, 6):
            jobs.put(running(done))
        screen.held[job.id].set()
        async with asyncio.timeout(5), screen.changed:
            await screen.changed.wait_for(lambda: screen.shown[-1:] == [("1", State.RUNNING, 5)])
        assert len(screen.shown) <= 2


async def test_a_card_that_is_held_up_does_not_hold_up_another() -> None:
    async with following(NEVER_S) as (jobs, screen):
        stuck, free = make_job(), make_job(id="0" * 25 + "2", interaction_id=2)
        screen.held[stuck.id] = asyncio.Event()
        jobs.put(stuck)
        jobs.put(free)
        await screen.until(("2", State.QUEUED, 0))


async def test_an_end_that_could_not_be_shown_is_shown_later() -> None:
    async with following(NEVER_S) as (jobs, screen):
        screen.failing = 3
        jobs.put(make_job(state=State.DONE))
        await screen.until(("1", State.DONE, 0))


async def test_ends_that_no_look_for_changes_finds_are_shown() -> None:
    async with following(NEVER_S) as (jobs, screen):
        stuck = [make_job(id="0" * 25 + str(number), interaction_id=number, state=State.DONE) for number in (1, 2, 3)]
        for job in stuck:  # more than are asked for at once, and the first ones stay
            screen.held[job.id] = asyncio.Event()
        late = make_job(id="0" * 25 + "4", interaction_id=4, state=State.DONE)
        jobs.past = {job.id for job in (*stuck, late)}
        for job in (*stuck, late):
            jobs.put(job)
        await screen.until(("4", State.DONE, 0))


async def test_a_database_that_is_away_for_a_while_is_asked_again() -> None:
    async with following(NEVER_S) as (jobs, screen):
        jobs.away = 3
        jobs.put(make_job())
        await screen.until(("1", State.QUEUED, 0))


async def test_a_card_that_can_no_longer_be_edited_is_left_alone_until_the_end() -> None:
    async with following(0.0) as (jobs, screen):
        screen.pause_s = None
        jobs.put(make_job())
        await screen.until(("1", State.QUEUED, 0))
        jobs.put(running(1))
        jobs.put(make_job(state=State.DONE))
        await screen.until(("1", State.QUEUED, 0), ("1", State.DONE, 0))
