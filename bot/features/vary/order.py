"""Vary: one picture of a finished job changed, by a job that begins from a copy of it."""

import asyncio
from dataclasses import dataclass, replace
from typing import Literal

from bot.features.vary.changes import STRENGTHS, Change, blur_px, canvas_for
from bot.features.vary.grid import mask_of
from bot.features.vary.sources import check_model, drawn_from, with_words, without_words
from bot.shared.errors import BadParameter, JobGone, Refused, SubjectGone
from bot.shared.files.downloads import RemoteFile
from bot.shared.orders.order_request import OrderRequest, Quote, RequestContext
from bot.shared.orders.quote import quote
from bot.shared.orders.source_pictures import numbers_shown, source_picture
from bot.shared.orders.subject_rights import check_rights
from bot.shared.services import Services
from bot.shared.text.formatting import clean
from db.queue.finding import find_job, jobs_made_from
from db.queue.job import Job
from inference.catalogue import ImageModel
from inference.errors import UnknownModel
from inference.requests import ImageRequest, InitPicture, Kind, PictureOrigin, Request, from_json

COUNT = 4  # pictures of one press, as of /imagine
USE = "vary it"
FOR_YOU = "Draw it for you?"
UNDER_WAY = "That is being drawn already. Press again once it is there to get others; nothing was charged."
NOT_SHARED = "That picture has a subject in it that isn't shared with you, so I can't vary it for you."
DROPPED = ("--seed ", "--ar ", "--count ", "--strength ", "--iw ")  # what was typed, and is not so any more


@dataclass(frozen=True, slots=True, kw_only=True)
class VaryOrderRequest(OrderRequest):
    """A picture of the job `source_job_id`, changed."""

    what: Literal["vary"] = "vary"
    number: int  # of the picture in its job, from 1
    change: Change
    seed: int = 0
    prompt: str = ""  # of a region: what shall be there
    cells: tuple[int, ...] = ()  # of a region: those of the grid, from 1
    mask: RemoteFile | None = None  # of a region, instead of cells
    painted: bool = False  # of a region, instead of both: its mask is kept under the interaction's id already

    @property
    def fetches(self) -> bool:
        """Whether a file is copied for it: the picture that it begins from."""
        return True

    async def build(self, services: Services, context: RequestContext) -> ImageRequest:
        """Check that the picture is there and may be had, and return the request."""
        job = await services.db.read(find_job, self.source_job_id or "")
        if job is None:
            raise JobGone
        picture = await source_picture(services, job, self.number, context, use=USE)
        if self.change is Change.REGION:
            self._check_region(services)
        else:
            await check_not_under_way(services, job, self.number, self.change, context)
        image = await drawn_from(services, job)
        model = check_model(services, image)
        try:
            await check_rights(services, image, context)
        except SubjectGone as error:
            raise Refused(NOT_SHARED) from error
        origin = PictureOrigin(job_id=job.id, picture=self.number, change=self.change.label)
        parameters = tuple(one for one in image.parameters if not one.startswith(DROPPED))
        # It begins from the picture, whatever that was made from.
        plain = replace(image, references=(), reference_flags=(), variation=None)
        image = replace(plain, seed=self.seed, count=COUNT, parameters=parameters, origin=origin)
        changed = self._changed(image, model, InitPicture(key=picture.key, strength=1.0, flags=picture.flags))
        return without_words(changed) if changed.model in services.catalogue.vocabularies else changed

    def _changed(self, image: ImageRequest, model: ImageModel, init: InitPicture) -> ImageRequest:
        if self.change in STRENGTHS:
            return replace(image, init=replace(init, strength=STRENGTHS[self.change]))
        init = replace(init, mask_blur_px=blur_px(image.width_px, image.height_px))
        if self.change is Change.REGION:
            return replace(with_words(image, clean(self.prompt)), init=init)
        canvas = canvas_for(self.change, image, model)
        init = replace(init, margins_px=canvas.margins_px)
        return replace(image, width_px=canvas.width_px, height_px=canvas.height_px, init=init)

    def _check_region(self, services: Services) -> None:
        if not self.cells and self.mask is None and not self.painted:
            raise BadParameter("Please choose at least one cell, or send a mask. Nothing was charged.")
        if self.cells and self.mask is not None:
            raise BadParameter("Please choose cells or send a mask, not both. Nothing was charged.")
        if not clean(self.prompt):
            raise BadParameter("Please say what should be there. Nothing was charged.")
        if self.mask is not None:
            services.init_pictures.check(self.mask, what="mask")

    async def fetch(
        self, services: Services, request: Request, context: RequestContext
    ) -> tuple[OrderRequest, Request]:
        """Copy the picture, for each job owns the one that it begins from, and keep its mask."""
        assert isinstance(request, ImageRequest)
        assert request.init is not None
        init = await services.init_pictures.copy(request.init, event_id := context.interaction_id)
        if self.painted:
            init = replace(init, mask=await services.init_pictures.painted_mask(event_id))
        elif self.mask is not None:
            init = replace(init, mask=await services.init_pictures.take_in_mask(self.mask, event_id))
        elif self.change is Change.REGION:
            content = await asyncio.to_thread(mask_of, self.cells, await services.files.get(init.key))
            init = replace(init, mask=await services.init_pictures.keep_mask(content, event_id))
        return self, replace(request, init=init)


async def vary(services: Services, job: Job, wanted: VaryOrderRequest, context: RequestContext) -> Job | Quote:
    """Accept a picture to be changed, or ask back; the same again waits until the first is there.

    Args:
        services: the stores, the catalogue and the rules.
        job: the job that made it.
        wanted: which of its pictures, and what is changed.
        context: who asks, and where.

    Raises:
        PictureGone, NotYours, Refused: it cannot be had, or not be changed so; or that is under way.
        As `quote`.
    """
    async with services.locks.of(("vary", job.id, wanted.number, wanted.change, context.user_id)):
        asks = wanted.asks or ("" if context.user_id == job.user_id else FOR_YOU)
        return await quote(services, replace(wanted, seed=services.random_seed(), asks=asks), context)


async def check_not_under_way(
    services: Services, job: Job, number: int, change: Change, context: RequestContext
) -> None:
    """See that somebody is not having the same drawn just now, as by a double press.

    Raises:
        Refused: they are.
    """
    for made in await services.db.read(jobs_made_from, job.id, kind=Kind.IMAGE):
        if made.final or made.user_id != context.user_id or made.interaction_id == context.interaction_id:
            continue
        request = from_json(made.request)
        assert isinstance(request, ImageRequest)
        if request.origin is not None and (request.origin.picture, request.origin.change) == (number, change.label):
            raise Refused(UNDER_WAY)


def variable(services: Services, job: Job) -> tuple[int, ...]:
    """Return which pictures of a finished job can be changed, by their numbers from 1.

    What an upscaled one was drawn from is looked up when its button is pressed.
    """
    request = from_json(job.request)
    if isinstance(request, ImageRequest):
        try:
            check_model(services, request)
        except (UnknownModel, Refused):
            return ()
    return numbers_shown(job)
