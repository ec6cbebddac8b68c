"""Retention: what was kept long enough is thrown away, clips every quarter of an hour, the rest once an hour.

All of it is safe to repeat.
"""

import asyncio
import datetime as dt
import logging
from contextlib import suppress
from dataclasses import dataclass

from discord.ext import commands

from bot.shared.orders.pending import purge
from bot.shared.results import forget_results
from bot.shared.services import Services
from common.supervisor import Backoff, supervise
from db.credits.former_members import forget_former_members
from db.errors import UnknownOrder
from db.file_keys import JOBS, UPLOADS, clip_file, id_in, job_folder, photos_folder
from db.ids import LENGTH, moment_of
from db.queue.finding import job_of_interaction, jobs_of_interactions, jobs_of_subject
from db.queue.job import Job, State
from db.queue.pending import LIFE, Question, find_order
from db.queue.retention import ended_before, without_result
from inference.requests import Kind

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 3600.0
PURGE_EVERY_S = 900.0
SCRUB_EVERY_S = 3600.0

WRITTEN_WITHIN = dt.timedelta(hours=1)  # no write of a file takes so long
BATCH = 500  # jobs at a time; the next hour goes on
ORPHANED = dt.timedelta(hours=1)  # a clip or picture that has no job by then was left by a crash
WITHOUT_RESULT = dt.timedelta(days=1)  # a picture is kept so long for 'Try again' where nothing was drawn from it
EPOCH = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)  # of the platform's ids: their upper bits are milliseconds since then


class Housekeeping(commands.Cog):
    """Keep to the operator's periods."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._loops: list[asyncio.Task[None]] = []

    async def cog_load(self) -> None:
        """Start the loops."""
        self._loops = [
            supervise("retention", self._sweep, every_s=SWEEP_EVERY_S),
            supervise(
                "purge-clips", lambda: forget_old_clips(self.services, dt.datetime.now(dt.UTC)), every_s=PURGE_EVERY_S
            ),
            # Not sooner after an error either: whoever writes to the database waits for it.
            supervise(
                "scrub-database", self._scrub, every_s=SCRUB_EVERY_S, backoff=Backoff(SCRUB_EVERY_S, SCRUB_EVERY_S)
            ),
        ]

    async def cog_unload(self) -> None:
        """Stop the loops, and wait for their end."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def _sweep(self) -> None:
        swept = await sweep(self.services, dt.datetime.now(dt.UTC))
        if swept != SweepCounts():
            log.info("kept long enough: %s", swept)

    async def _scrub(self) -> None:
        if await self.services.db.scrub():
            log.info("what members deleted has left the database's files")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCounts:
    """What one round threw away."""

    results: int = 0
    transcripts: int = 0
    photos: int = 0  # folders that a crash left
    leftovers: int = 0  # folders of jobs that gave no result: previews and checkpoints that a crash left
    parts: int = 0  # files that a crash left unfinished
    pictures: int = 0  # that others were to begin from
    questions: int = 0  # that nobody answered, with their photos
    former: int = 0  # what was remembered of members who deleted everything in a month that is over


async def sweep(services: Services, now: dt.datetime) -> SweepCounts:
    """Throw away what was kept long enough."""
    return SweepCounts(
        questions=await purge(services),
        results=await _forget(services, services.periods.results, now, kinds=(Kind.IMAGE, Kind.TRAIN, Kind.UPSCALE)),
        transcripts=await _forget(services, services.periods.transcripts, now, kinds=(Kind.TRANSCRIBE,)),
        photos=await _forget_photos(services, now),
        pictures=await forget_init_pictures(services, now),
        leftovers=await _forget_leftovers(services),
        parts=await services.files.delete_parts(now - WRITTEN_WITHIN),
        former=await services.db.write(forget_former_members),
    )


async def _forget(services: Services, period: dt.timedelta | None, now: dt.datetime, *, kinds: tuple[Kind, ...]) -> int:
    """Forget what jobs made; their rows stay for the history. A subject keeps its adapter, which lies elsewhere."""
    if period is None:
        return 0
    old = await services.db.read(ended_before, now - period, kinds=kinds, limit=BATCH)
    for job in old:
        await forget_results(services, job)
    return len(old)


async def _forget_photos(services: Services, now: dt.datetime) -> int:
    """Throw away photos that a crash left without a question; those that one is about, or a training needs, stay."""
    folders = {id_in(key) for key in await services.files.list(UPLOADS)}
    old = [one for one in folders if len(one) == LENGTH and moment_of(one) + LIFE[Question.PHOTOS] < now]
    gone = 0
    for draft_id in sorted(old):
        gone += await _forget_if_unused(services, draft_id)
    return gone


async def _forget_if_unused(services: Services, draft_id: str) -> bool:
    with suppress(UnknownOrder):
        await services.db.read(find_order, draft_id)
        return False
    trainings = [job for job in await services.db.read(jobs_of_subject, draft_id) if job.kind == Kind.TRAIN]
    if any(job.delivered_at is None for job in trainings):
        return False
    await services.files.delete_tree(photos_folder(draft_id))
    return True


async def _forget_leftovers(services: Services) -> int:
    """Throw away the files of jobs that gave no result; a folder of no known job is not ours to judge."""
    left = await services.db.read(without_result, await services.files.folders(JOBS))
    for job_id in left:
        await services.files.delete_tree(job_folder(job_id))
    return len(left)


async def forget_init_pictures(services: Services, now: dt.datetime) -> int:
    """Throw away pictures that nothing was drawn from, and those that a crash left without a job; return how many."""
    kept = await services.init_pictures.kept_ids()
    jobs = await services.db.read(jobs_of_interactions, kept)
    old = [event_id for event_id in kept if _is_left(jobs.get(event_id), event_id, now)]
    for event_id in old:
        await services.init_pictures.forget(event_id)
    return len(old)


def _is_left(job: Job | None, event_id: int, now: dt.datetime) -> bool:
    if job is None:
        return _asked_at(event_id) + ORPHANED < now
    return job.state is not State.DONE and job.ended_at is not None and job.ended_at + WITHOUT_RESULT < now


def _asked_at(event_id: int) -> dt.datetime:
    return EPOCH + dt.timedelta(milliseconds=event_id >> 22)


async def forget_old_clips(services: Services, now: dt.datetime) -> int:
    """Throw away clips that were kept long enough, and those that a crash left without a job; return how many."""
    forgotten = 0
    for clip_id in await services.clips.kept_ids():
        job = await services.db.read(job_of_interaction, clip_id)
        if job is None:
            old = _asked_at(clip_id) + ORPHANED < now
        else:
            old = job.ended_at is not None and job.ended_at + services.clips.rules.kept < now
        if old:
            await services.files.delete(clip_file(clip_id))
            forgotten += 1
    return forgotten
