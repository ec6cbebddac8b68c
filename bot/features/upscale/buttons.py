"""The buttons below pictures that make them larger."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.features.upscale.order import check_picture, find_upscaled, upscalable, upscale
from bot.shared.cards.asking import show
from bot.shared.cards.job_buttons import PictureItem, is_for, show_job
from bot.shared.cards.job_kind import ButtonKeys
from bot.shared.cards.picture_offers import Group, PictureOffer
from bot.shared.discord.interactions import context_of, services_of
from bot.shared.discord.persistent_items import Answer
from db.queue.job import Job


class UpscaleButton(PictureItem, verb="upscale"):
    """One picture of a card, made larger, as a job of its own; others are asked first, and what is there is shown."""

    label = "Upscale"
    emoji = "🔍"
    answer = Answer.ALIKE
    for_all = True

    async def find(self, interaction: discord.Interaction) -> Job:
        """Return the job; nobody else sees a question about the price, nor what was made before.

        Raises:
            PictureGone, NotYours, Refused: as `check_picture`; here, so that nobody else sees that either.
        """
        job, services = await super().find(interaction), services_of(interaction)
        context = await context_of(interaction, private=True)
        made = await find_upscaled(services, job, self.number, context)
        if made is None:
            await check_picture(services, job, self.number, context)
        if made is not None or not is_for(interaction, job):
            self.answer = Answer.PRIVATE
        return job

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        context = await context_of(interaction, private=self.privately(interaction, job))
        outcome = await upscale(services_of(interaction), job, self.number, context)
        if isinstance(outcome, Job) and outcome.interaction_id != interaction.id:
            await show_job(interaction, outcome)
        else:
            await show(interaction, outcome)


def upscale_buttons(job: Job, keys: ButtonKeys, numbers: Sequence[int], *, of: int) -> list[Group]:
    """Return a button for each picture that can be upscaled: 'Upscale', or 'U1' and so on.

    Args:
        job: the job that made them.
        keys: what they carry.
        numbers: which of its pictures, from 1.
        of: how many pictures are shown.
    """
    looks: dict[str, Any] = {"emoji": UpscaleButton.emoji, "style": UpscaleButton.style}
    buttons: list[ui.Item[Any]] = []
    for number in numbers:
        key, label = keys.picture(number), UpscaleButton.label if of == 1 else f"U{number}"
        buttons.append(UpscaleButton(key, ui.Button[Any](custom_id=UpscaleButton.id_for(key), label=label, **looks)))
    return [buttons] if buttons else []


UPSCALES = PictureOffer(name="upscale", numbers=upscalable, buttons=upscale_buttons)
