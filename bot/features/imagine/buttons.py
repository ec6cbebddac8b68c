"""Buttons that make pictures: the same once more, and of what was said in a transcript."""

import re
from typing import Any

import discord
from discord import ui

from bot.features.imagine.options import ImagineOptions
from bot.features.imagine.order import imagine, imagine_again
from bot.features.imagine.politeness import without_politeness
from bot.features.imagine.prompt import PROMPT_MAX
from bot.shared.cards.asking import show
from bot.shared.cards.job_buttons import JobItem
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge, context_of, seen_privately, services_of
from bot.shared.discord.persistent_items import Answer
from bot.shared.errors import JobGone
from bot.shared.results import text_of
from bot.shared.text.formatting import first_part
from db.queue.job import Job


class AgainButton(JobItem, verb="again"):
    """The same once more as a job of its own, with another seed where there were pictures."""

    label = "Re-roll"
    emoji = "🎲"
    style = discord.ButtonStyle.primary
    answer = Answer.ALIKE

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        context = await context_of(interaction, private=job.private or seen_privately(interaction))
        await show(interaction, await imagine_again(services_of(interaction), job, context))


def try_again(job_id: str) -> AgainButton:
    """Return the same button for a job without pictures: they are asked for as they were."""
    look: dict[str, Any] = {"label": "Try again", "emoji": "🔁", "style": AgainButton.style}
    return AgainButton(job_id, ui.Button[Any](custom_id=AgainButton.id_for(job_id), **look))


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


class ImagineForm(Form, title="Imagine this"):
    """A transcript as a prompt that can be edited."""

    def __init__(self, text: str, *, private: bool) -> None:
        super().__init__()
        self._private = private
        # Dashes would be read as the beginning of a parameter, which nobody says.
        default = first_part(without_politeness(re.sub(r"--+|[—–]", "-", text)), PROMPT_MAX)
        self._prompt = ui.TextInput[Any](style=discord.TextStyle.paragraph, max_length=PROMPT_MAX, default=default)
        hint = "As in /imagine; add --ar 3:2, --seed 7 and more at the end"
        self.add_item(ui.Label(text="Prompt", description=hint, component=self._prompt))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Ask for pictures, as /imagine does."""
        await acknowledge(interaction, private=self._private)
        context = await context_of(interaction, private=self._private)
        options = ImagineOptions(prompt=self._prompt.value)
        await show(interaction, await imagine(services_of(interaction), options, context))
