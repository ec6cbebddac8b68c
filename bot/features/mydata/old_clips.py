"""Clips that were kept long enough."""

import datetime as dt

from bot.shared.services import Services
from db.file_keys import clip_file
from db.queue.finding import job_of_interaction

ORPHANED = dt.timedelta(hours=1)  # a clip that has no job by then was left by a crash
EPOCH = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)  # of the platform's ids: their upper bits are milliseconds since then


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
            await services.clips.forget(clip_file(clip_id))
            forgotten += 1
    return forgotten


def _asked_at(clip_id: int) -> dt.datetime:
    return EPOCH + dt.timedelta(milliseconds=clip_id >> 22)
