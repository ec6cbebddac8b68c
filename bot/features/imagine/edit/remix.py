"""Remix: what was drawn, in other words, with the picture, mask or canvas that it was drawn from."""

from typing import Any

import discord
from discord import ui

from bot.features.imagine.base import Base, base_of
from bot.features.imagine.edit.forms import PromptForm
from bot.features.imagine.permutations import escaped
from bot.features.imagine.prompt import PROMPT_MAX
from bot.features.imagine.typed import parameters_as_typed
from bot.shared.cards.job_buttons import JobItem, is_for
from bot.shared.discord.interactions import context_of, in_time, services_of
from bot.shared.discord.persistent_items import Answer
from bot.shared.text.formatting import first_part
from db.queue.job import Job, Pace

KEEP, NEW = "keep", "new"
PARAMETERS_MAX = PROMPT_MAX + 500  # what not to see, and others


class RemixForm(PromptForm, title="Remix"):
    """The prompt, its parameters, and whether the seed is kept."""

    def __init__(self, base: Base, *, private: bool, pace: Pace | None, theirs: bool) -> None:
        """Build it.

        Args:
            base: what is drawn again.
            private: only the one who sends it will see the result.
            pace: which it is asked for with; None: as they prefer.
            theirs: whether it was asked for by who reads the form.
        """
        super().__init__(escaped(base.image.words), private=private, pace=pace, of=base.job_id)
        parameters = parameters_as_typed(base.image, theirs=theirs)
        self._parameters = ui.TextInput[Any](
            required=False, max_length=PARAMETERS_MAX, default=first_part(parameters, PARAMETERS_MAX) or None
        )
        self._seed = ui.Select[Any](
            options=[
                discord.SelectOption(label=f"Keep the seed {base.seed}", value=KEEP, default=True),
                discord.SelectOption(label="A new seed", value=NEW),
            ]
        )
        self.add_item(ui.Label(text="Parameters", description="Such as --ar 3:2 --no text", component=self._parameters))
        self.add_item(ui.Label(text="Seed", component=self._seed))

    @property
    def typed(self) -> str:
        """What was typed, parameters last."""
        return f"{self._prompt.value} {self._parameters.value}".strip()

    @property
    def keeps_seed(self) -> bool:
        """Whether the first picture has the seed that it had."""
        return KEEP in self._seed.values


class RemixButton(JobItem, verb="remix"):
    """The form for other words."""

    label = "Remix"
    emoji = "🎛️"
    answer = Answer.FORM
    for_all = True

    async def _act(self, interaction: discord.Interaction, job: Job) -> None:
        async with in_time():
            base = await base_of(services_of(interaction), job, await context_of(interaction, private=True))
        form = RemixForm(
            base,
            private=self.privately(interaction, job),
            pace=job.pace if is_for(interaction, job) else None,
            theirs=interaction.user.id == base.owner_id,
        )
        await form.open(interaction)
