"""Forms that ask for pictures, with a prompt that is there already."""

import re
from typing import Any

import discord
from discord import ui

from bot.features.imagine.options import ImagineOptions
from bot.features.imagine.order import imagine
from bot.features.imagine.politeness import without_politeness
from bot.features.imagine.prompt import PROMPT_MAX
from bot.shared.cards.asking import show
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledge, context_of, services_of
from bot.shared.text.formatting import first_part
from db.queue.job import Pace

TYPED_MAX = 2 * PROMPT_MAX + 500  # a prompt, what not to see, and other parameters


class PromptForm(Form, title="Edit prompt"):
    """What was typed, with its parameters, to be edited and asked for as in /imagine."""

    longest = TYPED_MAX

    def __init__(self, text: str, *, private: bool, pace: Pace | None = None) -> None:
        """Build it.

        Args:
            text: the prompt to begin with.
            private: only the one who sends it will see the result.
            pace: which it is asked for with; None: as they prefer.
        """
        super().__init__()
        self._private, self._pace = private, pace
        default = first_part(text, self.longest)
        self._prompt = ui.TextInput[Any](
            style=discord.TextStyle.paragraph, max_length=self.longest, default=default or None
        )
        hint = "As in /imagine; add --ar 3:2, --seed 7 and more at the end"
        self.add_item(ui.Label(text="Prompt", description=hint, component=self._prompt))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Ask for pictures, as /imagine does."""
        await acknowledge(interaction, private=self._private)
        context = await context_of(interaction, private=self._private)
        options = ImagineOptions(prompt=self._prompt.value, pace=self._pace)
        await show(interaction, await imagine(services_of(interaction), options, context))


class ImagineForm(PromptForm, title="Imagine this"):
    """A transcript as a prompt that can be edited."""

    longest = PROMPT_MAX

    def __init__(self, text: str, *, private: bool) -> None:
        # Dashes would be read as the beginning of a parameter, which nobody says.
        super().__init__(without_politeness(re.sub(r"--+|[—–]", "-", text)), private=private)
