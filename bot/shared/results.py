"""What a job made: read it from the file store, made to fit, or forget it."""

import asyncio

from bot.features.voice.voice import forget_clip
from bot.shared.files.pictures import Picture, fit
from bot.shared.services import Studio
from bot.shared.subjects import film_steps
from db.errors import FileMissing
from db.file_keys import PREVIEW_PICTURE, PREVIEW_TEXT, job_file, job_folder
from db.job import DELETED
from db.jobs import Job
from inference.messages import filmstrip_name
from inference.requests import ImageRequest, from_json

GALLERY_MAX = 10  # of the platform


async def read_pictures(studio: Studio, job: Job) -> tuple[Picture, ...]:
    """Return the pictures of a finished job in order; none once they were forgotten."""
    files: dict[str, dict[str, object]] = job.outcome.get("files", {})
    names = sorted(name for name in files if name.endswith((".png", ".webp", ".jpg")))
    contents = await asyncio.gather(*(_read(studio, job_file(job.id, name)) for name in names))
    return tuple(
        Picture(name, content, _alt(job, files[name])) for name, content in zip(names, contents, strict=True) if content
    )


async def fitting_pictures(studio: Studio, job: Job, limit_bytes: int) -> tuple[Picture, ...]:
    """Return the pictures of a finished job, each at most `limit_bytes` large; encoded beside the event loop."""
    pictures = await read_pictures(studio, job)
    if all(len(picture.content) <= limit_bytes for picture in pictures):
        return pictures  # nearly always, and not worth a thread
    return tuple([await asyncio.to_thread(fit, picture, limit_bytes) for picture in pictures])


async def read_film(studio: Studio, job: Job, limit_bytes: int) -> tuple[Picture, ...]:
    """Return the filmstrip of a training so far, oldest first, as many pictures as a gallery holds."""
    film = []
    for step in (await film_steps(studio, job))[-GALLERY_MAX:]:
        name = filmstrip_name(step)
        try:
            content = await studio.files.get(job_file(job.id, name))
        except FileMissing:
            continue  # deleted meanwhile
        picture = Picture(name, content, f"The subject after {step} steps")
        film.append(await asyncio.to_thread(fit, picture, limit_bytes))
    return tuple(film)


async def read_preview(studio: Studio, job: Job) -> Picture | None:
    """Return the newest preview of a running job, if there is one."""
    if not job.preview:
        return None
    try:
        content = await studio.files.get(job_file(job.id, PREVIEW_PICTURE))
    except FileMissing:
        return None
    return Picture(PREVIEW_PICTURE, content, "A preview of the picture so far")


async def read_words(studio: Studio, job: Job) -> str:
    """Return what was heard so far of a running transcript's clip."""
    if not job.preview:
        return ""
    try:
        return (await studio.files.get(job_file(job.id, PREVIEW_TEXT))).decode(errors="replace")
    except FileMissing:
        return ""


async def forget_results(studio: Studio, job: Job) -> None:
    """Remove a job's files, its clip and its text, for good.

    One that still runs is cancelled; as it may end well in that very moment, its delivery comes back here.
    """
    job = await studio.jobs.discard(job.id, by_user=job.user_id)
    await studio.files.delete_tree(job_folder(job.id))
    await forget_clip(studio, job)
    if job.final:
        await studio.jobs.forget_outcome(job.id)
        await studio.jobs.delivered(job.id, message_id=None, how=DELETED)  # counts if delivery was not noted yet


async def _read(studio: Studio, key: str) -> bytes | None:
    try:
        return await studio.files.get(key)
    except FileMissing:
        return None


def _alt(job: Job, meta: dict[str, object]) -> str:
    request = from_json(job.request)
    if not isinstance(request, ImageRequest):
        return ""
    return f"{request.prompt[:200]} (seed {meta.get('seed', request.seed)})"
