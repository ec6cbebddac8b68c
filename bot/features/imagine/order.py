"""Pictures: what somebody asks for with /imagine, and the same once more."""

from dataclasses import dataclass, replace
from typing import Literal

from bot.features.imagine.options import ImagineOptions, image_request
from bot.features.imagine.subjects import check_rights, with_subject_model, with_subjects
from bot.shared.errors import BadParameter
from bot.shared.orders.order_request import OrderRequest, Quote, RequestContext
from bot.shared.orders.quote import quote
from bot.shared.services import Services
from db.people.shares import usable_subjects
from db.queue.job import Job, Pace
from inference.requests import ImageRequest, from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagineOrderRequest(OrderRequest):
    """Pictures, with everything about them decided."""

    what: Literal["imagine"] = "imagine"
    image: ImageRequest

    async def build(self, services: Services, context: RequestContext) -> ImageRequest:
        """Check the rights to its subjects, and return the request."""
        await check_rights(services, self.image, context)
        return self.image


async def imagine(services: Services, options: ImagineOptions, context: RequestContext) -> Job | Quote:
    """Accept what was typed into /imagine, or ask back.

    Raises:
        BadParameter, UnknownModel: it cannot be drawn as asked.
        As `quote`.
    """
    usable = []
    if options.subject:
        usable = await services.db.read(
            usable_subjects, context.user_id, guild_id=context.guild_id, role_ids=context.role_ids
        )
        options = with_subject_model(options, usable, context.user_id)
    image = image_request(options, services.catalogue, random_seed=services.random_seed())
    if options.subject:
        image = with_subjects(image, options.subject, usable, context.user_id)
    return await quote(
        services, ImagineOrderRequest(image=image), context, pace=Pace(options.pace) if options.pace else None
    )


async def imagine_again(services: Services, job: Job, context: RequestContext) -> Job | Quote:
    """Accept a job's request once more with another seed, at today's price and limits, or ask back.

    Raises:
        BadParameter: this kind of job has nothing to draw again.
        As `quote`.
    """
    request = from_json(job.request)
    if not isinstance(request, ImageRequest):
        raise BadParameter("Only pictures can be re-rolled.")
    order_request = ImagineOrderRequest(image=replace(request, seed=services.random_seed()), source_job_id=job.id)
    return await quote(services, order_request, context, pace=job.pace)
