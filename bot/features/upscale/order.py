"""Upscale: one picture of a finished job made larger; the same picture again is the one that was made already."""

from dataclasses import dataclass
from typing import Literal

from bot.features.upscale.upscalers import FittingUpscaler, fitting_upscaler, upscale_request
from bot.shared.errors import JobGone, NotYours, Refused
from bot.shared.orders.order_request import OrderRequest, Quote, RequestContext
from bot.shared.orders.quote import quote
from bot.shared.policy import is_for_adults
from bot.shared.results import picture_names
from bot.shared.services import Services
from db.file_keys import job_file
from db.queue.finding import find_job, jobs_made_from
from db.queue.job import Job, State
from inference.checks import WITHHELD, FlaggedAction, PictureCheck, check_of, place_kind, withheld_names
from inference.requests import ImageRequest, Kind, Request, UpscaleRequest, from_json

FOR_YOU = "Upscale it for you?"
NONE_FITS = "I have no upscaler for a picture of this size. `/models` lists those there are."
FOR_ADULTS = "That picture is from an age-restricted channel. Please upscale it in such a channel."
FLAGGED = "My picture checker flagged that picture, so I can't upscale it here. Nothing was charged."
UNDER_WAY = "That picture is being upscaled already. Press again in a moment to see it; nothing was charged."
MADE_MEANWHILE = "That picture was upscaled meanwhile. Press *Upscale* again to see it; nothing was charged."


class PictureGone(JobGone):
    """A picture was deleted, or its job never had so many."""

    message = "I no longer have that picture, so I can't upscale it."


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
            _check_may(services, job, context)
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
    if job.state is not State.DONE or job.deleted:
        return ()
    withheld = withheld_names(job.outcome.get("files", {}))
    found = (number for number, name in enumerate(picture_names(job), 1) if name not in withheld)
    return tuple(number for number in found if _fitting(services, job, number) is not None)


async def check_picture(services: Services, job: Job, number: int, context: RequestContext) -> UpscaleRequest:
    """Return what enlarges a picture, if it is there and may be had.

    Raises:
        PictureGone: it was deleted, or there never was one.
        NotYours, Refused: it cannot be had by them, or not here.
    """
    _check_may(services, job, context)
    names = picture_names(job)
    if job.state is not State.DONE or job.deleted or not 0 < number <= len(names):
        raise PictureGone
    if not await services.files.exists(key := job_file(job.id, names[number - 1])):
        raise PictureGone
    check = _check_flagged(services, job, names[number - 1], context)
    if (fitting := _fitting(services, job, number)) is None:
        raise Refused(NONE_FITS)
    image = from_json(job.request)
    assert isinstance(image, ImageRequest)
    flags = () if check is None else check.flags
    return upscale_request(fitting, image, job_id=job.id, number=number, picture=key, flags=flags)


def _check_may(services: Services, job: Job, context: RequestContext) -> None:
    """Check whether somebody may have a job's pictures, here.

    Raises:
        NotYours: they are private, and somebody else's.
        Refused: they belong in age-restricted channels, and this is none.
    """
    if job.private and context.user_id != job.user_id:
        raise NotYours
    if is_for_adults(services, job) and not context.age_restricted:
        raise Refused(FOR_ADULTS)


def _check_flagged(services: Services, job: Job, name: str, context: RequestContext) -> PictureCheck | None:
    """Check whether a picture may be shown, here; return what a checker found of it.

    Raises:
        Refused: it is withheld, or flagged pictures are not shown here.
    """
    meta = job.outcome["files"][name]
    check = check_of(meta)
    place = place_kind(context.guild_id, age_restricted=context.age_restricted)
    if meta.get(WITHHELD) or services.check_rules.action(check, place) is FlaggedAction.WITHHOLD:
        raise Refused(FLAGGED)
    return check


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
