"""A finished transcript as text, as stretches with times, and as the files that people open. Pure."""

import json

from bot.shared.files.pictures import Picture
from db.jobs import Job
from inference.transcript import Segment, segment_from_json, to_srt, to_txt, to_vtt


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
