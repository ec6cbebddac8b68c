"""What a training makes: a filmstrip of steps, and the adapter of the one that its subject is used from."""

import asyncio
import re

from bot.features.train.numbered_pictures import with_badge
from bot.shared.errors import SubjectGone
from bot.shared.files.pictures import Picture, fit
from bot.shared.results import delete_subject, read_file
from bot.shared.services import Services
from db.file_keys import (
    job_file,
    job_folder,
    photos_folder,
    subject_adapter,
    subject_folder,
    subject_photo,
    subject_picture,
)
from db.people.subjects import mark_ready, subject_of_job
from db.queue.job import Job, State
from inference.messages import adapter_name, filmstrip_name
from inference.requests import Kind, TrainRequest, from_json

FILM = re.compile(r"film-(\d{4,})\.png$")
GALLERY_MAX = 10  # of the platform


async def film_steps(services: Services, job: Job) -> list[int]:
    """Return the steps that a training's subject can be used from: those with a picture and an adapter."""
    keys = set(await services.files.list(job_folder(job.id)))
    steps = (int(match[1]) for key in keys if (match := FILM.search(key)))
    return sorted(step for step in steps if _adapter_of(job, step) in keys)


async def finish_training(services: Services, job: Job) -> None:
    """Put what a training made in its place, or take away what it leaves; again changes nothing.

    A training that ended without an adapter leaves no subject. Photos go, unless the owner asked to keep them.
    """
    request = from_json(job.request)
    if job.kind != Kind.TRAIN or not isinstance(request, TrainRequest) or not job.final:
        return
    subject = await services.db.read(subject_of_job, job.id)
    steps = await film_steps(services, job) if job.state is State.DONE else []
    if subject is not None and not steps:
        await delete_subject(services, subject)
    elif subject is not None:
        if request.keep_photos:
            await _keep_photos(services, request)
        await _put_in_place(services, job, steps)
    await services.files.delete_tree(photos_folder(request.subject_id))


async def choose_step(services: Services, job: Job, step: int, *, by_user: int) -> Job:
    """Use a subject as it was at one of its film's steps; a training that still runs ends early for it.

    Args:
        services: the stores, the catalogue and the rules.
        job: the training.
        step: one that is on the filmstrip.
        by_user: its owner, or an operator.

    Returns:
        The training. While it has not ended, the choice is only noted, and `finish_training` will see to it.

    Raises:
        SubjectGone: that step's files are not kept any more, or the training came to nothing.
    """
    steps = await film_steps(services, job)
    if step not in steps or await services.db.read(subject_of_job, job.id) is None:
        raise SubjectGone
    job = await services.jobs.stop_at(job.id, by_user=by_user, step=step)
    if job.final and job.state is not State.DONE:
        raise SubjectGone
    if job.final:
        await _put_in_place(services, job, steps)
    return job


async def _put_in_place(services: Services, job: Job, steps: list[int]) -> None:
    """Use the adapter of the step that was chosen, else of the last one.

    If another step is chosen while the files are written, they are written again: the last who writes knows of it.

    Raises:
        SubjectGone: its files are not kept any more.
    """
    try:
        while (subject := await services.db.read(subject_of_job, job.id)) is not None:
            step = subject.step if subject.step in steps else steps[-1]
            adapter = await read_file(services, _adapter_of(job, step))
            picture = await read_file(services, job_file(job.id, filmstrip_name(step)))
            if adapter is None or picture is None:
                raise SubjectGone
            await services.files.put(subject_adapter(subject.id), adapter)
            await services.files.put(subject_picture(subject.id), picture)
            if await services.db.write(mark_ready, subject.id, step=step, chosen=subject.step):
                return
    finally:
        if await services.db.read(subject_of_job, job.id) is None:  # deleted meanwhile: nothing of it may stay
            await services.files.delete_tree(subject_folder(job.request["subject_id"]))


def _adapter_of(job: Job, step: int) -> str:
    return job_file(job.id, adapter_name(step))


async def _keep_photos(services: Services, request: TrainRequest) -> None:
    for index, key in enumerate(request.photos):
        if (content := await read_file(services, key)) is not None:  # else it was moved before a crash
            await services.files.put(subject_photo(request.subject_id, index), content)


async def read_film(services: Services, job: Job, limit_bytes: int) -> tuple[Picture, ...]:
    """Return the filmstrip of a training so far, oldest first, as many pictures as a gallery holds."""
    film = []
    for step in (await film_steps(services, job))[-GALLERY_MAX:]:
        name = filmstrip_name(step)
        if (content := await read_file(services, job_file(job.id, name))) is not None:
            numbered = await asyncio.to_thread(with_badge, content, step)  # the menu below names steps
            picture = Picture(name, numbered, f"The subject after {step} steps")
            film.append(await asyncio.to_thread(fit, picture, limit_bytes))
    return tuple(film)
