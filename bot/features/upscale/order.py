"""Upscale: one picture of a finished job made larger; the same picture again is the one that was made already."""

from dataclasses import dataclass
from typing import Literal

from bot.features.upscale.upscalers import FittingUpscaler, fitting_upscaler, upscale_request
from bot.shared.errors import JobGone, Refused
from bot.shared.orders.order_request import OrderRequest, Quote, RequestContext
from bot.shared.orders.quote import quote
from bot.shared.orders.source_pictures import check_may_use, numbers_shown, source_picture
from bot.shared.results import picture_names
from bot.shared.services import Services
from db.file_keys import job_file
from db.queue.finding import find_job, jobs_made_from
from db.queue.job import Job, State
from inference.requests import ImageRequest, Kind, Request, UpscaleRequest, from_json

FOR_YOU = "Upscale it for you?"
NONE_FITS = "I have no upscaler for a picture of this size. `/models` lists those there are."
USE = "upscale it"
UNDER_WAY = "That picture is being upscaled already. Press again in a moment to see it; nothing was charged."
MADE_MEANWHILE = "That picture was upscaled meanwhile. Press *Upscale* again to see it; nothing was charged."


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscaleOrderRequest(OrderRequest):
    """A picture of the job `source_job_id`, made larger."""

    what: Literal["upscale"] = "upscale"
    number: int  # of the picture in its job, from 1

    async def build(self, services: Services, context: RequestContext) -> UpscaleRequest:
        """Check that the picture is there and may be had, and return the request."""
        job = await services.db.read(find_job, self.source_job_id or "")
        if job is None:
            raise JobGone
        made = await find_upscaled(services, job, self.number, context)
        if made is not None and made.interaction_id != context.interaction_id:
            raise Refused(MADE_MEANWHILE if made.final else UNDER_WAY)
        return await check_picture(services, job, self.number, context)


async def upscale(services: Services, job: Job, number: int, context: RequestContext) -> Job | Quote:
    """Accept a picture to be upscaled, or ask back; one that was upscaled already costs nothing.

    Args:
        services: the stores, the catalogue and the rules.
        job: the job that made it.
        number: which of its pictures, from 1.
        context: who asks, and where.

    Returns:
        The job, which is an earlier interaction's where the picture was made already; or what its member is asked.

    Raises:
        PictureGone, NotYours, Refused: it cannot be had; or it is under way.
        As `quote`.
    """
    async with services.locks.of(("upscale", job.id, number)):
        if (made := await find_upscaled(services, job, number, context)) is not None:
            check_may_use(services, job, context, use=USE)
            if not made.final and made.interaction_id != context.interaction_id:
                raise Refused(UNDER_WAY)
            return made
        asks = "" if context.user_id == job.user_id else FOR_YOU
        return await quote(services, UpscaleOrderRequest(number=number, source_job_id=job.id, asks=asks), context)


async def find_upscaled(services: Services, job: Job, number: int, context: RequestContext) -> Job | None:
    """Return the job that has upscaled a picture, or is doing that, where the one who asks may see its result."""
    for made in await services.db.read(jobs_made_from, job.id, kind=Kind.UPSCALE):
        request = from_json(made.request)
        if not isinstance(request, UpscaleRequest) or request.of_picture != number or made.deleted:
            continue
        theirs = made.user_id == context.user_id
        if made.state in (State.FAILED, State.CANCELLED) or not (theirs or _is_shown(made, context)):
            continue
        if not made.final or await _is_kept(services, made):
            return made
    return None


def upscalable(services: Services, job: Job) -> tuple[int, ...]:
    """Return which pictures of a finished job can be upscaled, by their numbers from 1."""
    return tuple(number for number in numbers_shown(job) if _fitting(services, job, number) is not None)


async def check_picture(services: Services, job: Job, number: int, context: RequestContext) -> UpscaleRequest:
    """Return what enlarges a picture, if it is there and may be had.

    Raises:
        PictureGone: it was deleted, or there never was one.
        NotYours, Refused: it cannot be had by them, or not here.
    """
    picture = await source_picture(services, job, number, context, use=USE)
    if (fitting := _fitting(services, job, number)) is None:
        raise Refused(NONE_FITS)
    image = from_json(job.request)
    assert isinstance(image, ImageRequest)
    return upscale_request(fitting, image, job_id=job.id, number=number, picture=picture.key, flags=picture.flags)


def _fitting(services: Services, job: Job, number: int) -> FittingUpscaler | None:
    image: Request = from_json(job.request)
    if not isinstance(image, ImageRequest):
        return None
    meta = job.outcome["files"][picture_names(job)[number - 1]]
    finished = int(meta.get("width", image.width_px)), int(meta.get("height", image.height_px))
    return fitting_upscaler(services.catalogue, image, finished, result_px_max=services.upscaled_px_max)


def _is_shown(made: Job, context: RequestContext) -> bool:
    """Tell whether others see a job's card where they ask: it is public, and of the same server."""
    return not made.private and made.guild_id is not None and made.guild_id == context.guild_id


async def _is_kept(services: Services, made: Job) -> bool:
    names = picture_names(made)
    return bool(names) and await services.files.exists(job_file(made.id, names[0]))
