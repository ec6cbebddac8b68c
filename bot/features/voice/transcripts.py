"""A transcript as a quote on its card, as segments with times, and as the files that people open."""

import json
from collections.abc import Sequence

from bot.shared.files.clips import NothingToHear
from bot.shared.files.pictures import Picture
from bot.shared.results import forget_uploads, text_of
from bot.shared.services import Services
from bot.shared.text.formatting import first_part, last_part, plainly
from db.queue.job import Job, State
from inference.requests import Kind, TranscribeRequest, from_json
from inference.transcript import Segment, segment_from_json, to_srt, to_txt, to_vtt

SHOWN_MAX = 1500  # characters on the card; escaped they are twice as many at most, and the platform takes 4,000
PARTIAL_MAX = 800


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


def subtitle_files(job: Job, limit_bytes: int) -> tuple[Picture, ...]:
    """Return the subtitles as files, and the text where the card does not show all of it."""
    files = transcript_files(job, limit_bytes)
    return tuple(file for file in files if not (fits_on_card(job) and file.name.endswith(".txt")))


def transcript_quote(job: Job, partial: str, *, timed: bool = False) -> str:
    """Return what was said as a quote: its first part when all is there, its latest while the rest is being heard.

    Args:
        job: the job of the transcript.
        partial: what was heard so far, of one that runs.
        timed: whether to say when what was said.
    """
    if job.state is State.RUNNING:
        return f"> {plainly(last_part(partial, PARTIAL_MAX))}" if partial else ""
    if job.state is not State.DONE:
        return ""
    if timed or transcript_request(job).word_timestamps:
        return _timed(segments_of(job))
    text = text_of(job)
    return f"> {plainly(first_part(text, SHOWN_MAX))}" if text else ""


def fits_on_card(job: Job) -> bool:
    """Tell whether the card shows a transcript in full, so that it needs no files."""
    return len(text_of(job)) <= SHOWN_MAX and not transcript_request(job).word_timestamps


def _timed(segments: Sequence[Segment]) -> str:
    """Return segments as lines with their times, as many as fit."""
    lines: list[str] = []
    room = SHOWN_MAX
    for segment in segments:
        room -= len(segment.text) + len("> `0:00:00` ")
        if room < 0:
            return "\n".join([*lines, "> …"])
        lines.append(f"> `{_clock(segment.start_s)}` {plainly(segment.text)}")
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


async def finish_clip(services: Services, job: Job) -> None:
    """Throw away the clip of a job that came to nothing, or at once where clips are not kept; again changes nothing."""
    if job.kind == Kind.TRANSCRIBE and (job.state is not State.DONE or not services.clips.rules.kept):
        await forget_uploads(services, job)
