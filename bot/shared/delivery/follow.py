"""Follow jobs: every change reaches its card, at most every few seconds, and no card waits for another.

Each live job has a task of its own. While its edit is under way, newer states replace older ones; an end is shown at
once. What could not be shown is tried again later, and after a restart everything undelivered is taken up again.

Looking for changes goes by the time of each, which a transaction may commit later than we look back. So once a minute
all ended jobs that were not delivered are looked through as well.
"""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.shared.services import Services
from common.supervisor import Backoff, supervise
from db.queue.delivery import changed_since, undelivered_jobs
from db.queue.job import Job, State
from db.wake import CHANGED, ENDED

log = logging.getLogger(__name__)

PLACE_EVERY_S = 15.0  # a waiting card's position in the queue moves without the job changing
TOGETHER_S = 0.1  # changes that are no end are looked at together: each look costs as much as an edit
FIRST_S = 0.25  # people take that for at once; and a job that is over by then needs one edit, not two
RETRY_S = (5.0, 15.0, 60.0)  # pauses after the platform did not answer
POLL_S = 2.0  # the safety net under the wake-ups
SWEEP_EVERY_S = 60.0  # the safety net under the looks for changes


@dataclass(slots=True, kw_only=True)
class _Card:
    job: Job
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    pause_s: float | None = 0.0  # until it may be edited again; None: it cannot be edited any more
    failures: int = 0


class Follower:
    """Watch the store and keep the cards up to date. `run` until cancelled."""

    def __init__(
        self,
        services: Services,
        *,
        update: Callable[[Job], Awaitable[float | None]],
        deliver: Callable[[Job], Awaitable[None]],
        first_s: float = FIRST_S,
        retry_s: Sequence[float] = RETRY_S,
        sweep_every_s: float = SWEEP_EVERY_S,
    ) -> None:
        """Take the stores and two ways to show a job.

        Args:
            services: the stores, the catalogue and the rules.
            update: edits a live job's card; returns the seconds until it may be edited again, or None for never.
            deliver: shows an ended job for good.
            first_s: how long a new card waits: where a worker is free, it need not say 'queued' for an instant.
            retry_s: the pauses after the first, second … time that a job could not be shown.
            sweep_every_s: the pause between two looks at all ended jobs that were not delivered.
        """
        self._services = services
        self._update = update
        self._deliver = deliver
        self._first_s = first_s
        self._retry_s = retry_s
        self._sweep_every_s = sweep_every_s
        self._changed = services.db.wake.listen(CHANGED)
        self._ended = services.db.wake.listen(ENDED)
        self._cursor: dt.datetime | None = None
        self._cards: dict[str, _Card] = {}

    async def run(self) -> None:
        """Follow all jobs that have not been delivered, those of before the start included."""
        backoff = Backoff(self._retry_s[0], self._retry_s[0])
        async with asyncio.TaskGroup() as tasks:  # its tasks raise nothing
            await asyncio.gather(
                supervise("follow-cards", partial(self._look, tasks), every_s=0.0, backoff=backoff),
                supervise("sweep-undelivered", partial(self._sweep, tasks), every_s=self._sweep_every_s),
            )

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Take up what has changed since the last look, then wait for more."""
        looked_at = time.monotonic()
        seen = {job_id: card.job.revision for job_id, card in self._cards.items()}
        changes = await self._services.db.read(changed_since, self._cursor, seen)
        for job in changes.jobs:
            self._notice(job, tasks)
        self._cursor = changes.cursor
        for job in changes.jobs:
            if job.final:
                self._services.forecast.learn(job)  # last: no error in it may cost a card its news
        await asyncio.sleep(time.monotonic() - looked_at)  # in a rush, look no more than half of the time
        if await self._changed.wait(POLL_S):
            await self._ended.wait(TOGETHER_S)

    async def _sweep(self, tasks: asyncio.TaskGroup) -> None:
        """Take up every ended job that was not delivered and has no card here."""
        after: Job | None = None
        while page := await self._services.db.read(undelivered_jobs, after=after):
            for job in page:
                if job.id not in self._cards:
                    self._notice(job, tasks)
            after = page[-1]

    def _notice(self, job: Job, tasks: asyncio.TaskGroup) -> None:
        card = self._cards.get(job.id)
        if card is None:
            card = self._cards[job.id] = _Card(job=job)
            tasks.create_task(self._follow(card), name=f"card-{job.id}")
        elif job.revision > card.job.revision:
            card.job = job
            card.news.set()
        if job.final:
            card.ended.set()

    async def _follow(self, card: _Card) -> None:
        await _happens(card.ended, self._first_s)
        while not await self._show(card):
            await self._pause(card)
        del self._cards[card.job.id]

    async def _show(self, card: _Card) -> bool:
        """Show the newest state; return whether the card is finished."""
        card.news.clear()
        job = card.job
        try:
            if job.final:
                await self._deliver(job)
                return True
            if card.pause_s is not None:
                card.pause_s = await self._update(job)
            card.failures = 0
        except Exception:
            # One job's trouble must not stop the others; it is shown when the platform, or the disk, answers again.
            log.warning("job %s could not be shown, trying again later", job.id, exc_info=True)
            card.failures += 1
        return False

    async def _pause(self, card: _Card) -> None:
        """Wait until the card may be edited again and there is something new; an end is worth interrupting for."""
        if card.failures:
            await asyncio.sleep(self._retry_s[min(card.failures, len(self._retry_s)) - 1])
            return
        if await _happens(card.ended, card.pause_s or 0.0):
            return
        await _happens(card.news, PLACE_EVERY_S if card.job.state is State.QUEUED else None)


async def _happens(event: asyncio.Event, within_s: float | None) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
