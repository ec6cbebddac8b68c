"""Finished pictures drawn once more as they were, by their owner: exactly, or with the model as it is today.

What decides a picture is its request; a model of the hub counts with its revision as well, which each accepted request
has (`bot.shared.orders.accept`).
"""

from dataclasses import replace
from typing import Any

import discord
from discord import ui

from bot.features.imagine.base import check_made_from
from bot.features.imagine.order import ImagineOrderRequest
from bot.features.imagine.sizes import parse_size
from bot.shared.cards.asking import show
from bot.shared.cards.job_buttons import JobItem
from bot.shared.discord.interactions import context_of, services_of
from bot.shared.discord.persistent_items import Answer
from bot.shared.errors import JobGone, NotYours, Refused
from bot.shared.orders.order_request import Quote, RequestContext
from bot.shared.orders.quote import quote
from bot.shared.services import Services
from db.queue.job import Job, State
from inference.catalogue import Catalogue
from inference.errors import UnknownModel
from inference.families import FAMILIES
from inference.requests import ImageRequest, from_json

NOT_AS_IT_WAS = (
    "The model has changed since then, so I can't draw that exactly. "
    "Open it in `/history` to draw it with today's model."
)
NEEDS_ITS_MODEL = "That was drawn from a picture by a model that is no longer here, so I can't draw it again."
OF_ITS_MODEL = ("--model ", "--steps ", "--cfg ", "--quality ", "--stylize ", "--chaos ", "--draft")


class DrawExactlyButton(JobItem, verb="exact"):
    """The same pictures once more, as a job of its own; its card says whether they are the same, pixel by pixel."""

    label = "Draw again exactly"
    emoji = "♻️"
    answer = Answer.ALIKE

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        context = await context_of(interaction, private=self.privately(interaction, job))
        await show(interaction, await draw_once_more(services_of(interaction), job, context, exactly=True))


class DrawTodayButton(JobItem, verb="today"):
    """The same seed and words, drawn by the model as it is today."""

    label = "Draw with today's model"
    emoji = "♻️"
    answer = Answer.ALIKE

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        context = await context_of(interaction, private=self.privately(interaction, job))
        await show(interaction, await draw_once_more(services_of(interaction), job, context, exactly=False))


ONCE_MORE_BUTTONS = (DrawExactlyButton, DrawTodayButton)


def once_more(services: Services, job: Job) -> list[ui.Item[Any]]:
    """Return the button by which the owner of finished pictures has them drawn once more."""
    image = from_json(job.request)
    if job.state is not State.DONE or not isinstance(image, ImageRequest):
        return []
    return [DrawExactlyButton(job.id) if is_as_it_was(services.catalogue, image) else DrawTodayButton(job.id)]


def is_as_it_was(catalogue: Catalogue, image: ImageRequest) -> bool:
    """Tell whether the model of a request is there as it was; where its revision was not noted, that is assumed."""
    try:
        model = catalogue.image(image.model)
    except UnknownModel:
        return False
    return not image.revision or image.revision == model.revision


async def draw_once_more(services: Services, job: Job, context: RequestContext, *, exactly: bool) -> Job | Quote:
    """Accept finished pictures to be drawn once more, with their seeds, at today's price and limits; or ask back.

    Args:
        services: the stores, the catalogue and the rules.
        job: the job that made them.
        context: who asks, and where.
        exactly: only as they were; else with the model as it is, or in place of one that is gone with the first.

    Raises:
        NotYours: somebody else's are asked for.
        Refused: the model is not as it was, or what they began from is not there, or not for this place.
        As `quote`.
    """
    image = from_json(job.request)
    if not isinstance(image, ImageRequest):
        raise JobGone
    if context.user_id != job.user_id:
        raise NotYours
    if exactly and not is_as_it_was(services.catalogue, image):
        raise Refused(NOT_AS_IT_WAS)
    await check_made_from(services, job, image, context)
    wanted = image if exactly else _for_today(image, services.catalogue)
    return await quote(services, ImagineOrderRequest(image=wanted, source_job_id=job.id), context, pace=job.pace)


def _for_today(image: ImageRequest, catalogue: Catalogue) -> ImageRequest:
    """Return a request for the model as it is; where that is gone, for the first, with its own steps and guidance.

    Raises:
        Refused: the first cannot draw that.
    """
    if any(model.name == image.model for model in catalogue.images):
        return image
    model = catalogue.images[0]
    begins, traits = image.init, FAMILIES[model.family]
    if begins is not None and (begins.mask or any(begins.margins_px) or not traits.from_pictures):
        raise Refused(NEEDS_ITS_MODEL)
    if len(image.references) > traits.references_max:
        raise Refused(NEEDS_ITS_MODEL)
    width_px, height_px = parse_size(f"{image.width_px}:{image.height_px}", model)
    return replace(
        image,
        model=model.name,
        width_px=width_px,
        height_px=height_px,
        steps=model.steps,
        guidance=model.guidance,
        parameters=tuple(one for one in image.parameters if not one.startswith(OF_ITS_MODEL)),
    )
