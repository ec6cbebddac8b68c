"""Voices: who does not want theirs turned into text, and what becomes of clips after their job."""

import datetime as dt

from bot.shared.files.clips import NothingToHear
from bot.shared.services import Studio
from db.file_keys import clip_file
from db.jobs import Job, State
from inference.requests import Kind, TranscribeRequest, from_json

OPTED_OUT = "voice_opted_out"  # a member's preference
ORPHANED = dt.timedelta(hours=1)  # a clip that has no job by then was left by a crash
EPOCH = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)  # of the platform's ids: their upper bits are milliseconds since then


def transcript_request(job: Job) -> TranscribeRequest:
    """Return a job's request, which must be for a transcript.

    Raises:
        NothingToHear: it is another kind of job.
    """
    request = from_json(job.request)
    if not isinstance(request, TranscribeRequest):
        raise NothingToHear
    return request


async def has_opted_out(studio: Studio, user_id: int | None) -> bool:
    """Tell whether a member does not want to be transcribed without asking for it."""
    member = await studio.members.get(user_id) if user_id is not None else None
    return member is not None and bool(member.preferences.get(OPTED_OUT))


async def opt_out(studio: Studio, user_id: int, *, out: bool) -> None:
    """Remember whether a member wants to be transcribed without asking for it."""
    await studio.members.prefer(user_id, {OPTED_OUT: True if out else None})


async def finish_clip(studio: Studio, job: Job) -> None:
    """Throw away the clip of a job that came to nothing, or at once where clips are not kept; again changes nothing."""
    if job.kind == Kind.TRANSCRIBE and (job.state is not State.DONE or not studio.clips.rules.kept):
        await forget_clip(studio, job)


async def forget_clip(studio: Studio, job: Job) -> None:
    """Throw a job's clip away, if it had one."""
    if job.kind == Kind.TRANSCRIBE:
        await studio.clips.forget(transcript_request(job).audio)


async def forget_old_clips(studio: Studio, now: dt.datetime) -> int:
    """Throw away clips that were kept long enough, and those that a crash left without a job; return how many."""
    forgotten = 0
    for clip_id in await studio.clips.kept_ids():
        job = await studio.jobs.by_interaction(clip_id)
        if job is None:
            old = _asked_at(clip_id) + ORPHANED < now
        else:
            old = job.ended_at is not None and job.ended_at + studio.clips.rules.kept < now
        if old:
            await studio.clips.forget(clip_file(clip_id))
            forgotten += 1
    return forgotten


def _asked_at(clip_id: int) -> dt.datetime:
    return EPOCH + dt.timedelta(milliseconds=clip_id >> 22)
