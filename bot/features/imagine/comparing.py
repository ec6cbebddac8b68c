"""Pictures that were drawn again exactly, beside the first ones: are they the same, pixel by pixel?"""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from bot.shared.results import picture_names
from bot.shared.services import Services
from db.file_keys import job_file
from db.queue.finding import find_job
from db.queue.job import Job, State
from inference.requests import ImageRequest, from_json

IDENTICAL = "**Identical**: every pixel is as it was the first time."
SOME_DIFFER = "**Not identical**: {} of {} pictures differ from the first ones, as on another device or newer software."
FIRST_GONE = "I no longer have the first ones, so I can't say whether these are identical."


async def compared(services: Services, job: Job) -> str:
    """Say whether a finished job's pictures are those of the job that it repeats; empty: it repeats none."""
    first = await services.db.read(find_job, job.source_job_id) if job.source_job_id else None
    if first is None or first.user_id != job.user_id or not _repeats(job, first):
        return ""
    names, first_names = picture_names(job), picture_names(first)
    pictures = await services.files.get_all([job_file(job.id, name) for name in names])
    first_ones = await services.files.get_all([job_file(first.id, name) for name in first_names])
    if len(pictures) != len(first_ones) or None in first_ones:
        return FIRST_GONE
    differing = await asyncio.to_thread(_differing, pictures, first_ones)
    return SOME_DIFFER.format(differing, len(pictures)) if differing else IDENTICAL


def _repeats(job: Job, first: Job) -> bool:
    """Tell whether a job was asked to draw what another one drew; each has a copy of what they begin from."""
    one, other = from_json(job.request), from_json(first.request)
    if first.state is not State.DONE or not isinstance(one, ImageRequest) or not isinstance(other, ImageRequest):
        return False
    if one.init is not None and other.init is not None:
        one = replace(one, init=replace(one.init, key=other.init.key, mask=other.init.mask))
    if len(one.references) == len(other.references):
        one = replace(one, references=other.references)
    return replace(one, revision="") == replace(other, revision="") and other.revision in ("", one.revision)


def _differing(pictures: Sequence[bytes | None], first_ones: Sequence[bytes | None]) -> int:
    """Return how many pictures are not pixel by pixel what they were. CPU work."""
    return sum(
        content is None or first is None or _pixels(content) != _pixels(first)
        for content, first in zip(pictures, first_ones, strict=True)
    )


def _pixels(content: bytes) -> tuple[tuple[int, int], bytes]:
    with Image.open(io.BytesIO(content)) as opened:
        return opened.size, opened.convert("RGBA").tobytes()
