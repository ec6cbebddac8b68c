"""A finished transcript as text, as stretches with times, and as the files that people open."""

import json

from bot.shared.files.clips import NothingToHear
from bot.shared.files.pictures import Picture
from bot.shared.results import forget_clip
from bot.shared.services import Services
from db.queue.job import Job, State
from inference.requests import Kind, TranscribeRequest, from_json
from inference.transcript import Segment, segment_from_json, to_srt, to_txt, to_vtt


def transcript_request(job: Job) -> TranscribeRequest:
    """Return a job's request, which must be for a transcript.

    Raises:
        NothingToHear: it is another kind of job.
    """
    request = from_json(job.request)
    if not isinstance(request, TranscribeRequest):
        raise NothingToHear
    return request


def segments_of(job: Job) -> list[Segment]:
    """Return what was said when."""
    return [segment_from_json(data) for data in job.outcome.get("segments", ())]


def transcript_files(job: Job, limit_bytes: int) -> tuple[Picture, ...]:
    """Return the whole text as files, those that are at most `limit_bytes` large.

    With the time of each word, these are in a JSON file beside the others, since subtitles have no place for them.
    """
    segments = segments_of(job)
    texts = {"transcript.txt": to_txt(segments), "transcript.srt": to_srt(segments), "transcript.vtt": to_vtt(segments)}
    if any(segment.words for segment in segments):
        texts["words.json"] = json.dumps(job.outcome["segments"], ensure_ascii=False, indent=1)
    files = (Picture(name, text.encode()) for name, text in texts.items())
    return tuple(file for file in files if len(file.content) <= limit_bytes) if segments else ()


async def finish_clip(services: Services, job: Job) -> None:
    """Throw away the clip of a job that came to nothing, or at once where clips are not kept; again changes nothing."""
    if job.kind == Kind.TRANSCRIBE and (job.state is not State.DONE or not services.clips.rules.kept):
        await forget_clip(services, job)
