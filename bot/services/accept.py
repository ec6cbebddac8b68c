"""Accept: from what somebody asked to a job that is priced, paid for and in line."""

from dataclasses import replace
from typing import assert_never

from bot.services.errors import BadParameter
from bot.services.origin import Origin
from bot.services.studio import Studio
from bot.services.subjects import check_rights, with_subject_model, with_subjects
from bot.services.wish import Wish, image_request
from db.jobs import Job, Submission
from inference.pricing import price_image, price_train, price_transcribe
from inference.requests import ImageRequest, Request, TrainRequest, TranscribeRequest, from_json, to_json


async def accept_wish(studio: Studio, wish: Wish, origin: Origin) -> Job:
    """Accept what was typed into /imagine.

    Raises:
        BadParameter, UnknownModel, SubjectGone: it cannot be drawn as asked.
        NotEnoughCredits, TooManyQueued: not now. Nothing was charged in any of these cases.
    """
    wish = await with_subject_model(studio, wish, origin)
    request = image_request(wish, studio.catalogue, random_seed=studio.random_seed())
    if wish.subject:
        request = await with_subjects(studio, request, wish.subject, origin)
    return await accept(studio, request, origin)


async def accept_again(studio: Studio, job: Job, origin: Origin) -> Job:
    """Accept a job's request once more with another seed, at today's price and limits.

    Raises:
        BadParameter: this kind of job has nothing to draw again.
        UnknownModel, NotEnoughCredits, TooManyQueued: as for a new one.
    """
    request = from_json(job.request)
    if not isinstance(request, ImageRequest):
        raise BadParameter("Only pictures can be drawn again.")
    return await accept(studio, replace(request, seed=studio.random_seed()), origin, source_job_id=job.id)


async def accept(studio: Studio, request: Request, origin: Origin, *, source_job_id: str | None = None) -> Job:
    """Price a request, hold its credits and put it in line.

    Raises:
        UnknownModel: the catalogue has no such model (any more).
        SubjectGone, BadParameter: a subject in it may not be used (any more), or not with that model.
        NotEnoughCredits, TooManyQueued: not now.
    """
    if isinstance(request, ImageRequest):
        await check_rights(studio, request, origin)
    return await studio.jobs.submit(
        Submission(
            interaction_id=origin.interaction_id,
            interaction_token=origin.interaction_token,
            kind=str(request.kind),
            user_id=origin.user_id,
            guild_id=origin.guild_id,
            channel_id=origin.channel_id,
            private=origin.private,
            request=to_json(request),
            model=request.model,
            price=price(studio, request),
            limits=studio.limits,
            source_job_id=source_job_id,
            message_id=origin.message_id,
        )
    )


def price(studio: Studio, request: Request) -> int:
    """Return what a request costs, in credits.

    Raises:
        UnknownModel: the catalogue has no such model.
    """
    match request:
        case ImageRequest():
            return price_image(request, studio.catalogue.image(request.model))
        case TrainRequest():
            return price_train(request)
        case TranscribeRequest():
            return price_transcribe(request)
        case _:
            assert_never(request)
