"""Retention: results, transcripts and photos are thrown away when the operator's periods are over. Safe to repeat.

Clips have a period of their own and are thrown away by `bot.features.mydata.old_clips`.
"""

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass

from bot.shared.orders.pending import purge
from bot.shared.results import forget_results
from bot.shared.services import Services
from db.credits.former_members import forget_former_members
from db.errors import UnknownOrder
from db.file_keys import JOBS, UPLOADS, id_in, job_folder, photos_folder
from db.ids import LENGTH, moment_of
from db.queue.finding import jobs_of_subject
from db.queue.pending import LIFE, Question, find_order
from db.queue.retention import ended_before, without_result
from inference.requests import Kind

WRITTEN_WITHIN = dt.timedelta(hours=1)  # no write of a file takes so long
BATCH = 500  # jobs at a time; the next hour goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one round threw away."""

    results: int = 0
    transcripts: int = 0
    photos: int = 0  # folders that a crash left
    leftovers: int = 0  # folders of jobs that gave no result: previews and checkpoints that a crash left
    parts: int = 0  # files that a crash left unfinished
    questions: int = 0  # that nobody answered, with their photos
    former: int = 0  # what was remembered of members who deleted everything in a month that is over


async def sweep(services: Services, now: dt.datetime) -> Swept:
    """Throw away what was kept long enough."""
    return Swept(
        questions=await purge(services),
        results=await _forget(services, services.periods.results, now, kinds=(Kind.IMAGE, Kind.TRAIN)),
        transcripts=await _forget(services, services.periods.transcripts, now, kinds=(Kind.TRANSCRIBE,)),
        photos=await _forget_photos(services, now),
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
