"""Voices: who does not want theirs turned into text, and what becomes of a clip after its job."""

from bot.shared.files.clips import NothingToHear
from bot.shared.results import forget_clip
from bot.shared.services import Services
from db.jobs import Job, State
from inference.requests import Kind, TranscribeRequest, from_json

OPTED_OUT = "voice_opted_out"  # a member's preference


def transcript_request(job: Job) -> TranscribeRequest:
    """Return a job's request, which must be for a transcript.

    Raises:
        NothingToHear: it is another kind of job.
    """
    request = from_json(job.request)
    if not isinstance(request, TranscribeRequest):
        raise NothingToHear
    return request


async def has_opted_out(services: Services, user_id: int | None) -> bool:
    """Tell whether a member does not want to be transcribed without asking for it."""
    member = await services.members.get(user_id) if user_id is not None else None
    return member is not None and bool(member.preferences.get(OPTED_OUT))


async def opt_out(services: Services, user_id: int, *, out: bool) -> None:
    """Remember whether a member wants to be transcribed without asking for it."""
    await services.members.prefer(user_id, {OPTED_OUT: True if out else None})


async def finish_clip(services: Services, job: Job) -> None:
    """Throw away the clip of a job that came to nothing, or at once where clips are not kept; again changes nothing."""
    if job.kind == Kind.TRANSCRIBE and (job.state is not State.DONE or not services.clips.rules.kept):
        await forget_clip(services, job)
