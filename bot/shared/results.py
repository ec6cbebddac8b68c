"""What jobs made: read it, made to fit; forget it; remove the jobs and subjects themselves, which stops them first.

Messages are the platform's part.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bot.shared.files.pictures import Picture, fit
from bot.shared.services import Services
from db.errors import FileMissing, UnknownJob
from db.file_keys import job_file, job_folder, photos_folder, subject_folder
from db.people import subjects
from db.people.subjects import Subject
from db.queue.delivery import forget_outcome
from db.queue.finding import find_job, jobs_of_member
from db.queue.job import Job, State
from db.queue.retention import erase_jobs
from inference.checks import check_of, withheld_names
from inference.requests import ImageRequest, Request, UpscaleRequest, from_json

STOPPED_WITHIN_S = 20.0  # a running job leaves at its next step; loading a model can take longer
LOOK_EVERY_S = 0.25
LIVE_MAX = 10_000  # jobs of one member; tiers allow far fewer


async def fitting_pictures(services: Services, job: Job, limit_bytes: int) -> tuple[Picture, ...]:
    """Return a finished job's pictures in order, each at most `limit_bytes` large; none once they were forgotten.

    Those that are withheld are not even read.
    """
    files: dict[str, dict[str, object]] = job.outcome.get("files", {})
    withheld = withheld_names(files)
    names = [name for name in picture_names(job) if name not in withheld]
    contents = await services.files.get_all([job_file(job.id, name) for name in names])
    request = from_json(job.request)
    pictures = tuple(
        Picture(name, content, _alt(request, files[name]), check_of(files[name]))
        for name, content in zip(names, contents, strict=True)
        if content
    )
    if all(len(picture.content) <= limit_bytes for picture in pictures):
        return pictures  # nearly always, and not worth a thread
    return tuple([await asyncio.to_thread(fit, picture, limit_bytes) for picture in pictures])


def picture_names(job: Job) -> list[str]:
    """Return the names of a job's pictures in their order."""
    return sorted(name for name in job.outcome.get("files", {}) if name.endswith((".png", ".webp", ".jpg")))


async def forget_results(services: Services, job: Job) -> None:
    """Remove a job's files, what was sent for it, and its text, for good.

    One that still runs is cancelled; as it may end well in that very moment, its delivery comes back here.
    """
    job = await services.jobs.discard(job.id, by_user=job.user_id)
    await services.files.delete_tree(job_folder(job.id))
    await forget_uploads(services, job)
    if job.final:
        await services.db.write(forget_outcome, job.id)


async def forget_uploads(services: Services, job: Job) -> None:
    """Throw away what is kept for a job alone: its clip, or the picture that it began from and its mask."""
    for key in uploads_of(job.request):
        await services.files.delete(key)


def uploads_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the file keys of a job's clip, or of the pictures that it is made from, and of a mask."""
    init = request.get("init") or {}
    return tuple(
        filter(None, (request.get("audio"), init.get("key"), init.get("mask"), *(request.get("references") or ())))
    )


def text_of(job: Job) -> str:
    """Return what was said in a transcript's clip, or '' once it was forgotten."""
    return str(job.outcome.get("text", ""))


async def read_file(services: Services, key: str) -> bytes | None:
    """Return a file, or None where it was deleted meanwhile."""
    try:
        return await services.files.get(key)
    except FileMissing:
        return None


def _alt(request: Request, meta: dict[str, object]) -> str:
    if isinstance(request, UpscaleRequest):
        return f"{request.words[:200]} (upscaled)".lstrip()
    if not isinstance(request, ImageRequest):
        return ""
    return f"{request.words[:200]} (seed {meta.get('seed', request.seed)})"


async def live_jobs(services: Services, user_id: int) -> list[Job]:
    """Return what of a member waits or runs."""
    return await services.db.read(jobs_of_member, user_id, states=(State.QUEUED, State.RUNNING), limit=LIVE_MAX)


async def stop_jobs(services: Services, jobs: Sequence[Job], *, by_user: int) -> list[Job]:
    """Discard those that are live and wait until they have ended; return all as they are then."""
    for job in jobs:
        if not job.final:
            await services.jobs.discard(job.id, by_user=by_user)
    for _ in range(round(STOPPED_WITHIN_S / LOOK_EVERY_S)):
        fresh = await _fresh(services, jobs)
        if all(job.final for job in fresh):
            return fresh
        await asyncio.sleep(LOOK_EVERY_S)
    return await _fresh(services, jobs)  # the caller sees which ones are still live


async def remove_jobs(services: Services, jobs: Sequence[Job]) -> int:
    """Remove the files, clips and rows of jobs that have ended; return how many were removed."""
    ended = [job for job in jobs if job.final]
    for job in ended:
        with suppress(UnknownJob):  # somebody else removed it meanwhile
            await forget_results(services, job)
    return await services.db.write(erase_jobs, [job.id for job in ended])


async def delete_subject(services: Services, subject: Subject) -> None:
    """Remove a subject: row, shares and consent, then photos, checkpoints, film and adapters."""
    await services.db.write(subjects.delete_subject, subject.id)
    for tree in (subject_folder(subject.id), photos_folder(subject.id), job_folder(subject.job_id)):
        await services.files.delete_tree(tree)


async def _fresh(services: Services, jobs: Sequence[Job]) -> list[Job]:
    found = [await services.db.read(find_job, job.id) for job in jobs]
    return [job for job in found if job is not None]
