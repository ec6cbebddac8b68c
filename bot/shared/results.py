"""What a job made: read it from the file store, made to fit, or forget it."""

import asyncio

from bot.shared.files.pictures import Picture, fit
from bot.shared.services import Services
from db.file_keys import job_file, job_folder
from db.queue.delivery import forget_outcome
from db.queue.job import Job
from inference.requests import ImageRequest, Request, TranscribeRequest, from_json


async def read_pictures(services: Services, job: Job) -> tuple[Picture, ...]:
    """Return the pictures of a finished job in order; none once they were forgotten."""
    files: dict[str, dict[str, object]] = job.outcome.get("files", {})
    names = sorted(name for name in files if name.endswith((".png", ".webp", ".jpg")))
    contents = await services.files.get_all([job_file(job.id, name) for name in names])
    request = from_json(job.request)
    return tuple(
        Picture(name, content, _alt(request, files[name]))
        for name, content in zip(names, contents, strict=True)
        if content
    )


async def fitting_pictures(services: Services, job: Job, limit_bytes: int) -> tuple[Picture, ...]:
    """Return the pictures of a finished job, each at most `limit_bytes` large; encoded beside the event loop."""
    pictures = await read_pictures(services, job)
    if all(len(picture.content) <= limit_bytes for picture in pictures):
        return pictures  # nearly always, and not worth a thread
    return tuple([await asyncio.to_thread(fit, picture, limit_bytes) for picture in pictures])


async def forget_results(services: Services, job: Job) -> None:
    """Remove a job's files, its clip and its text, for good.

    One that still runs is cancelled; as it may end well in that very moment, its delivery comes back here.
    """
    job = await services.jobs.discard(job.id, by_user=job.user_id)
    await services.files.delete_tree(job_folder(job.id))
    await forget_clip(services, job)
    if job.final:
        await services.db.write(forget_outcome, job.id)


async def forget_clip(services: Services, job: Job) -> None:
    """Throw a job's clip away, if it had one."""
    request = from_json(job.request)
    if isinstance(request, TranscribeRequest):
        await services.clips.forget(request.audio)


def text_of(job: Job) -> str:
    """Return what was said in a transcript's clip, or '' once it was forgotten."""
    return str(job.outcome.get("text", ""))


def _alt(request: Request, meta: dict[str, object]) -> str:
    if not isinstance(request, ImageRequest):
        return ""
    return f"{request.prompt[:200]} (seed {meta.get('seed', request.seed)})"
