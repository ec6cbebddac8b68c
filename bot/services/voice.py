"""Voice into text: from a clip that somebody sent to a job, the clip heard in another way, and what is left over."""

import datetime as dt
from dataclasses import asdict, dataclass, replace

from bot.services.accept import check_credits, check_policy, check_room
from bot.services.asking import Question, accept_or_relax, ask_if_dear
from bot.services.languages import language_name
from bot.services.licences import kept_for_licence
from bot.shared.clips import Attached, NothingToHear
from bot.shared.errors import BadParameter, Refused
from bot.shared.orders.context import RequestContext
from bot.shared.studio import Studio
from db.file_keys import clip_file
from db.jobs import Job, Pace, State
from inference.catalogue import SpeechModel
from inference.requests import Kind, TranscribeRequest, from_json

OPTED_OUT = "voice_opted_out"  # a member's preference
ORPHANED = dt.timedelta(hours=1)  # a clip that has no job by then was left by a crash
EPOCH = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)  # of the platform's ids: their upper bits are milliseconds since then


class SpeakerOptedOut(Refused):
    """Somebody else is heard, who opted out of being transcribed."""

    message = "That member does not want their voice messages transcribed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """How a clip should be heard."""

    language: str | None = None  # its code; None: detect
    translate: bool = False  # to English
    timestamps: bool = False  # of each word


async def transcribe(
    studio: Studio,
    attached: Attached,
    hearing: Hearing,
    context: RequestContext,
    *,
    speaker_id: int | None = None,
    pace: Pace | None = None,
) -> Job | Question:
    """Turn what was attached into a job, or ask back where it is dear. It is checked and priced first, as far as its
    description goes, then fetched; nothing of it is kept for a question.

    Parameters:
        speaker_id: who is heard, where that is known.
        pace: what the member answered when they were asked; None: they were not.

    Raises:
        SpeakerOptedOut: somebody else's voice, who does not want that.
        Refused: an operator's decision does not allow it, see `check_policy`.
        NothingToHear, TooLong, TooLarge, BadParameter, NotEnoughCredits, TooManyQueued: before anything was fetched.
        NotFetched, TooLargeToFetch, AudioRejected: after. Nothing was charged or kept in any case.
    """
    if (job := await studio.jobs.by_interaction(context.interaction_id)) is not None:
        return job
    await _check_speaker(studio, speaker_id, context)
    studio.clips.check(attached)
    request = _request(studio, hearing, attached.duration_s or 0.0, speaker_id)
    asked = {"clip": asdict(attached), "hearing": asdict(hearing), "speaker_id": speaker_id}
    async with kept_for_licence(studio, context, asked):
        await check_policy(studio, request, context)
    await check_credits(studio, request, context)
    known = attached.duration_s is not None
    if known and pace is None and (question := await ask_if_dear(studio, request, context, asked)):
        return question
    async with studio.clips.turns.of(context.user_id):
        if (job := await studio.jobs.by_interaction(context.interaction_id)) is not None:
            return job  # the same event came twice
        await check_room(studio, request.kind, context)
        key, duration_s = await studio.clips.take_in(attached, context.interaction_id)
        request = replace(request, audio=key, duration_s=duration_s)
        asked["clip"] = asdict(replace(attached, duration_s=duration_s))
        if pace is None and (question := await ask_if_dear(studio, request, context, asked)):
            await studio.clips.forget(key)  # only now it is known how dear it is
            return question
        return await _accept(studio, request, context, pace=pace)


async def transcribe_again(
    studio: Studio, job: Job, hearing: Hearing, context: RequestContext, *, pace: Pace | None = None
) -> Job | Question:
    """Hear a job's clip once more in another way, as a job of its own, or ask back where it is dear.

    Parameters:
        pace: as for `transcribe`.

    Raises:
        SpeakerOptedOut: somebody else's voice, who does not want that any more.
        ClipGone: the sound is not kept any more.
        NotEnoughCredits, TooManyQueued: not now.
    """
    if (known := await studio.jobs.by_interaction(context.interaction_id)) is not None:
        return known
    old = transcript_request(job)
    await _check_speaker(studio, old.speaker_id or job.user_id, context)
    wanted = _request(studio, hearing, old.duration_s, old.speaker_id)
    asked = {"again": job.id, "hearing": asdict(hearing)}
    async with kept_for_licence(studio, context, asked):
        await check_policy(studio, wanted, context)
    await check_credits(studio, wanted, context)
    if pace is None and (question := await ask_if_dear(studio, wanted, context, asked)):
        return question
    await check_room(studio, wanted.kind, context)
    key = await studio.clips.copy(old.audio, context.interaction_id)
    return await _accept(studio, replace(wanted, audio=key), context, pace=pace, source_job_id=job.id)


def transcript_request(job: Job) -> TranscribeRequest:
    """Return a job's request, which must be for a transcript.

    Raises:
        NothingToHear: it is another kind of job.
    """
    request = from_json(job.request)
    if not isinstance(request, TranscribeRequest):
        raise NothingToHear
    return request


async def _check_speaker(studio: Studio, speaker_id: int | None, context: RequestContext) -> None:
    if speaker_id not in (None, context.user_id) and await has_opted_out(studio, speaker_id):
        raise SpeakerOptedOut


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


def _request(studio: Studio, hearing: Hearing, duration_s: float, speaker_id: int | None) -> TranscribeRequest:
    model = _model(studio)
    if model.languages == "en" and (hearing.translate or hearing.language not in (None, "en")):
        wanted = language_name(hearing.language) if hearing.language else "other languages"
        raise BadParameter(f"{model.title} understands only English, not {wanted}.")
    return TranscribeRequest(
        audio="",
        duration_s=duration_s,
        model=model.name,
        language=hearing.language,
        translate=hearing.translate,
        word_timestamps=hearing.timestamps,
        speaker_id=speaker_id,
    )


def _model(studio: Studio) -> SpeechModel:
    if not studio.catalogue.speech:
        raise BadParameter("I can't transcribe here yet. Whoever runs me has to set up a speech model first.")
    return studio.catalogue.speech[0]


async def _accept(
    studio: Studio,
    request: TranscribeRequest,
    context: RequestContext,
    *,
    pace: Pace | None,
    source_job_id: str | None = None,
) -> Job:
    try:
        return await accept_or_relax(studio, request, context, pace=pace, source_job_id=source_job_id)
    except Exception:
        await studio.clips.forget(request.audio)
        raise


def _asked_at(clip_id: int) -> dt.datetime:
    return EPOCH + dt.timedelta(milliseconds=clip_id >> 22)
