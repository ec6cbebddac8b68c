"""Buttons that make pictures: the same once more, edited, for somebody else, and of what was said in a transcript."""

from typing import Any

import discord
from discord import ui

from bot.features.imagine.base import check_made_from
from bot.features.imagine.edit.forms import EditRefusedButton, ImagineForm, PromptForm
from bot.features.imagine.order import imagine_again
from bot.features.imagine.typed import as_typed
from bot.shared.cards.asking import show
from bot.shared.cards.job_buttons import JobItem, is_for
from bot.shared.discord.interactions import context_of, in_time, services_of
from bot.shared.discord.persistent_items import Answer
from bot.shared.errors import JobGone, Refused
from bot.shared.results import text_of
from db.queue.job import Job
from inference.requests import ImageRequest, from_json


class AgainButton(JobItem, verb="again"):
    """The same once more as a job of its own, with another seed where there were pictures; others are asked first."""

    label = "Re-roll"
    emoji = "🎲"
    style = discord.ButtonStyle.primary
    answer = Answer.ALIKE
    for_all = True

    async def find(self, interaction: discord.Interaction) -> Job:
        """Return the job; somebody else is asked about the price, and nobody but they sees that."""
        job = await super().find(interaction)
        if not is_for(interaction, job):
            self.answer = Answer.PRIVATE
        return job

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        context = await context_of(interaction, private=self.privately(interaction, job))
        await show(interaction, await imagine_again(services_of(interaction), job, context))


def try_again(job_id: str) -> AgainButton:
    """Return the same button for a job without pictures: they are asked for as they were."""
    look: dict[str, Any] = {"label": "Try again", "emoji": "🔁", "style": AgainButton.style}
    return AgainButton(job_id, ui.Button[Any](custom_id=AgainButton.id_for(job_id), **look))


class DrawForMeButton(AgainButton, verb="mine"):
    """Somebody else's pictures once more, for the one who presses, by their credits, limits and rights."""

    label = "Draw it for me"
    emoji = "🎨"


class EditButton(JobItem, verb="edit"):
    """What was typed, in a form: its owner changes it, and others learn by it."""

    label = "Edit prompt"
    emoji = "✏️"
    answer = Answer.FORM
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        request = from_json(job.request)
        if not isinstance(request, ImageRequest):
            raise JobGone
        theirs, private = is_for(interaction, job), self.privately(interaction, job)
        of = job.id if request.brought and await self._may_draw_from_it(interaction, job, request) else ""
        text = as_typed(request, theirs=theirs)
        await PromptForm(text, private=private, pace=job.pace if theirs else None, of=of).open(interaction)

    async def _may_draw_from_it(self, interaction: discord.Interaction, job: Job, request: ImageRequest) -> bool:
        """Tell whether somebody may have what the pictures were made from; whoever may not, has the words."""
        if interaction.user.id == job.user_id:
            return True  # and if not in this place, that is said with what was typed
        async with in_time():
            context = await context_of(interaction, private=True)
            try:
                await check_made_from(services_of(interaction), job, request, context)
            except Refused:
                return False
        return True


class ImagineButton(JobItem, verb="imagine"):
    """Make pictures of what was said, after a look at the words."""

    label = "Imagine this"
    emoji = "🎨"
    style = discord.ButtonStyle.primary
    answer = Answer.FORM
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        text = text_of(job)
        if not text:
            raise JobGone
        await ImagineForm(text, private=job.private).open(interaction)


IMAGE_BUTTONS = (AgainButton, DrawForMeButton, EditButton, EditRefusedButton, ImagineButton)
