"""Subjects after their training: put in place, used in prompts, shared, taken back, deleted with everything."""

import re
from collections.abc import Collection
from dataclasses import replace

from bot.features.imagine.options import ImagineOptions
from bot.shared.errors import BadParameter, NotYours, Refused
from bot.shared.orders.context import RequestContext
from bot.shared.policy import check_words, is_for_adults
from bot.shared.services import Studio
from bot.shared.text.quoting import inline
from db.errors import FileMissing
from db.file_keys import (
    job_file,
    job_folder,
    photos_folder,
    subject_adapter,
    subject_folder,
    subject_photo,
    subject_picture,
)
from db.house import Standing
from db.jobs import Job, State
from db.subjects import NAME_KEY_MAX, Subject, name_key
from inference.messages import adapter_name, filmstrip_name
from inference.requests import ImageRequest, Kind, SubjectUse, TrainRequest, from_json

SUBJECTS_MAX = 3  # in one picture
WEIGHT_MAX = 2.0
FILM = re.compile(r"film-(\d{4,})\.png$")


class SubjectGone(Refused):
    """The subject was deleted, or is no longer shared with the member."""

    message = "That subject no longer exists, or is no longer shared with you. `/subjects` lists those you can use."


class NotASubject(BadParameter):
    """The member can use no subject of that name here."""

    message = "You have no subject with that name here. `/subjects` lists those you can use."


async def film_steps(studio: Studio, job: Job) -> list[int]:
    """Return the steps that a training's subject can be used from: those with a picture and an adapter."""
    keys = set(await studio.files.list(job_folder(job.id)))
    steps = (int(match[1]) for key in keys if (match := FILM.search(key)))
    return sorted(step for step in steps if _adapter_of(job, step) in keys)


async def finish_training(studio: Studio, job: Job) -> None:
    """Put what a training made in its place, or take away what it leaves; again changes nothing.

    A training that ended without an adapter leaves no subject. Photos go, unless the owner asked to keep them.
    """
    request = from_json(job.request)
    if job.kind != Kind.TRAIN or not isinstance(request, TrainRequest) or not job.final:
        return
    subject = await studio.subjects.by_job(job.id)
    steps = await film_steps(studio, job) if job.state is State.DONE else []
    if subject is not None and not steps:
        await delete_subject(studio, subject)
    elif subject is not None:
        if request.keep_photos:
            await _keep_photos(studio, request)
        await _put_in_place(studio, job, steps)
    await studio.files.delete_tree(photos_folder(request.subject_id))


async def choose_step(studio: Studio, job: Job, step: int, *, by_user: int) -> Job:
    """Use a subject as it was at one of its film's steps; a training that still runs ends early for it.

    Returns:
        The training. While it has not ended, the choice is only noted, and `finish_training` will see to it.

    Raises:
        SubjectGone: that step's files are not kept any more, or the training came to nothing.
    """
    steps = await film_steps(studio, job)
    if step not in steps:
        raise SubjectGone
    job = await studio.jobs.stop_at(job.id, by_user=by_user, step=step)
    if job.final and job.state is not State.DONE:
        raise SubjectGone
    if job.final:
        await _put_in_place(studio, job, steps)
    return job


async def _put_in_place(studio: Studio, job: Job, steps: list[int]) -> None:
    """Use the adapter of the step that was chosen, else of the last one.

    If another step is chosen while the files are written, they are written again: the last who writes knows of it.

    Raises:
        SubjectGone: its files are not kept any more.
    """
    try:
        while (subject := await studio.subjects.by_job(job.id)) is not None:
            step = subject.step if subject.step in steps else steps[-1]
            try:
                adapter = await studio.files.get(_adapter_of(job, step))
                picture = await studio.files.get(job_file(job.id, filmstrip_name(step)))
            except FileMissing as error:
                raise SubjectGone from error
            await studio.files.put(subject_adapter(subject.id), adapter)
            await studio.files.put(subject_picture(subject.id), picture)
            if await studio.subjects.ready(subject.id, step=step, chosen=subject.step):
                return
    finally:
        if await studio.subjects.by_job(job.id) is None:  # deleted meanwhile: nothing of it may stay
            await studio.files.delete_tree(subject_folder(job.request["subject_id"]))


def _adapter_of(job: Job, step: int) -> str:
    return job_file(job.id, adapter_name(step))


async def delete_subject(studio: Studio, subject: Subject) -> None:
    """Remove a subject: row, shares and consent, then photos, checkpoints, film and adapters."""
    await studio.subjects.delete(subject.id)
    for tree in (subject_folder(subject.id), photos_folder(subject.id), job_folder(subject.job_id)):
        await studio.files.delete_tree(tree)


async def export(studio: Studio, subject: Subject) -> bytes:
    """Return a subject's adapter, as other tools read it.

    Raises:
        SubjectGone: it is not there.
    """
    try:
        return await studio.files.get(subject_adapter(subject.id))
    except FileMissing as error:
        raise SubjectGone from error


async def picture_of(studio: Studio, subject: Subject) -> bytes | None:
    """Return what a subject looks like, if it is known."""
    try:
        return await studio.files.get(subject_picture(subject.id))
    except FileMissing:
        return None


async def picture_for(studio: Studio, subject: Subject, *, age_restricted: bool) -> bytes | None:
    """Return what a subject looks like, where that may be shown: its picture may be from an age-restricted channel.

    Args:
        age_restricted: whether that is such a channel.
    """
    if not age_restricted:
        job = await studio.jobs.get(subject.job_id)
        if job is not None and is_for_adults(studio, job):
            return None
    return await picture_of(studio, subject)


async def usable_with_pictures(
    studio: Studio, context: RequestContext, *, pictured: int
) -> list[tuple[Subject, bytes | None]]:
    """Return the subjects that somebody may use there, their own first, the first ones with what they look like.

    Args:
        pictured: how many pictures are read.
    """
    found = await studio.subjects.usable(context.user_id, guild_id=context.guild_id, role_ids=context.role_ids)
    found.sort(key=lambda subject: subject.owner_id != context.user_id)
    pictures = [
        await picture_for(studio, subject, age_restricted=context.age_restricted) for subject in found[:pictured]
    ]
    return [*zip(found, pictures, strict=False), *((subject, None) for subject in found[pictured:])]


async def own_subject(studio: Studio, subject_id: str, user_id: int) -> Subject:
    """Return a subject to its owner.

    Raises:
        SubjectGone, NotYours: it is not there, or not theirs.
    """
    subject = await studio.subjects.get(subject_id)
    if subject is None:
        raise SubjectGone
    if subject.owner_id != user_id:
        raise NotYours
    return subject


async def own_subject_called(studio: Studio, name: str, user_id: int) -> Subject:
    """Return a subject to its owner by its name.

    Raises:
        NotASubject: there is none, or it is still being learnt.
    """
    for subject in await studio.subjects.mine(user_id):
        if subject.ready and name_key(subject.name) == name_key(name):
            return subject
    raise NotASubject


def tidy_name(name: str) -> str:
    """Return a subject's name as it is kept.

    Raises:
        BadParameter: it cannot be called like that.
    """
    tidy = " ".join(name.split())
    if not tidy:
        raise BadParameter("A subject needs a `name`, such as `Rex`.")
    if "," in tidy or ":" in tidy:
        raise BadParameter(
            "A subject's `name` can't have commas or colons: in `/imagine` they separate subjects and weights."
        )
    if len(name_key(tidy)) > NAME_KEY_MAX:  # some letters become several where capitals make no difference
        raise BadParameter("That `name` is too long. Please choose a shorter one.")
    return tidy


async def rename(studio: Studio, subject: Subject, name: str, policy: Standing) -> str:
    """Call a subject something else, and return how it is written now.

    Raises:
        BadParameter, NameTaken: that is no name, or the owner has another of that name.
        WordBlocked: it has a word in it that is not used here.
    """
    tidy = tidy_name(name)
    check_words(tidy, policy)
    await studio.subjects.rename(subject.id, tidy)
    return tidy


async def check_rights(studio: Studio, request: ImageRequest, context: RequestContext) -> None:
    """See that whoever asks may use every subject of a request, now.

    Raises:
        SubjectGone: one of them was deleted or taken back.
        BadParameter: one of them was learnt by another model.
    """
    if not request.subjects:
        return
    usable = await studio.subjects.usable(context.user_id, guild_id=context.guild_id, role_ids=context.role_ids)
    found = {subject.id: subject for subject in usable}
    for use in request.subjects:
        if (subject := found.get(use.subject_id)) is None:
            raise SubjectGone
        if subject.model != request.model:
            raise BadParameter(
                f"{inline(subject.name)} was trained on `{subject.model}`. Choose that `model` to use it."
            )


def with_subjects(request: ImageRequest, typed: str, usable: Collection[Subject], user_id: int) -> ImageRequest:
    """Return the request with the subjects that were typed, such as `Rex, Blob:0.8`, and their words in the prompt.

    Args:
        usable: subjects that the member may use.

    Raises:
        BadParameter: there is none of that name, there are too many, or a weight is no number.
    """
    uses: list[SubjectUse] = []
    prompt = request.prompt
    pieces = [piece.strip() for piece in typed.split(",") if piece.strip()]
    if len(pieces) > SUBJECTS_MAX:
        raise BadParameter(f"One picture can have at most {SUBJECTS_MAX} subjects. Please leave some out of `subject`.")
    for piece in pieces:
        subject, weight = _parse(piece, usable, user_id)
        if any(use.subject_id == subject.id for use in uses):
            raise BadParameter(f"{inline(subject.name)} is in `subject` twice. Please keep one.")
        uses.append(SubjectUse(subject.id, weight, subject.phrase))
        prompt = _say(prompt, subject)
    models = {subject.model for subject in usable if any(use.subject_id == subject.id for use in uses)}
    if len(models) > 1:
        raise BadParameter(
            "Those subjects were trained on different models and can't be in one picture. Please choose one `subject`."
        )
    return replace(request, prompt=prompt, subjects=tuple(uses))


def with_subject_model(options: ImagineOptions, usable: Collection[Subject], user_id: int) -> ImagineOptions:
    """Return the options with the model that their first subject was learnt by, where no model was chosen."""
    if not options.subject or options.model:
        return options
    first, _ = _parse(options.subject.split(",")[0].strip(), usable, user_id)
    return replace(options, model=first.model)


def _parse(piece: str, usable: Collection[Subject], user_id: int) -> tuple[Subject, float]:
    name, weight = piece, 1.0
    if match := re.fullmatch(r"(.+?)\s*:\s*([0-9.]+)", piece):
        name = match[1]
        try:
            weight = float(match[2])
        except ValueError as error:
            raise BadParameter(
                f"`{match[2]}` is not a weight for `subject`. 1 is full strength, 0.5 is half."
            ) from error
    if not 0 < weight <= WEIGHT_MAX:
        raise BadParameter(f"A weight in `subject` must be more than 0, and at most {WEIGHT_MAX:g}.")
    wanted = name.casefold()
    found = [subject for subject in usable if subject.name.casefold() == wanted or subject.id == name]
    found.sort(key=lambda subject: subject.owner_id != user_id)  # one's own comes before another's of the same name
    if not found:
        raise NotASubject
    return found[0], weight


def _say(prompt: str, subject: Subject) -> str:
    """Put a subject's words into a prompt: where its name stands, else at the front, unless they are there."""
    if subject.phrase.casefold() in prompt.casefold():
        return prompt
    named = re.compile(rf"\b{re.escape(subject.name)}\b", re.IGNORECASE)
    if named.search(prompt):
        return named.sub(lambda _: subject.phrase, prompt)
    return f"{subject.phrase}, {prompt}"


async def _keep_photos(studio: Studio, request: TrainRequest) -> None:
    for index, key in enumerate(request.photos):
        try:
            content = await studio.files.get(key)
        except FileMissing:
            continue  # moved before a crash
        await studio.files.put(subject_photo(request.subject_id, index), content)
