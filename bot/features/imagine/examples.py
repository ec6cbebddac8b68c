"""Examples that draw at once, for somebody who has not typed anything yet: asked for as if they had."""

from collections.abc import Mapping
from typing import Any, Self

import discord
from discord import ui

from bot.features.imagine.options import ImagineOptions
from bot.features.imagine.order import imagine
from bot.shared.cards.asking import show
from bot.shared.discord.interactions import context_of, seen_privately, services_of
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import Refused
from inference.catalogue import Catalogue

# By what buttons carry, which is never to change: they lie in chats.
OF_SMALL_MODELS: Mapping[str, str] = {"heart": "a red heart", "cat": "a cat", "car": "a green car"}
OF_OTHERS: Mapping[str, str] = {
    "fox": "a red fox in deep snow, soft morning light",
    "harbour": "a small harbour at night, watercolour",
    "robot": "a friendly robot that reads a book in a garden",
}
EXAMPLES = {**OF_SMALL_MODELS, **OF_OTHERS}
GONE = "I no longer have that example. `/imagine` draws whatever you describe."


class ExampleButton(PersistentItem[str], topic="example", verb="draw", key_form="[a-z]{1,16}"):
    """Draw an example, as /imagine would, for whoever presses."""

    emoji = "🎨"
    style = discord.ButtonStyle.primary
    answer = Answer.ALIKE

    @classmethod
    def labelled(cls, key: str) -> Self:
        """Return one that says what it draws."""
        look: dict[str, Any] = {"label": EXAMPLES[key], "emoji": cls.emoji, "style": cls.style}
        return cls(key, ui.Button(custom_id=cls.id_for(key), **look))

    async def find(self, interaction: discord.Interaction) -> str:
        """Return the prompt.

        Raises:
            Refused: there is none any more.
        """
        if self.key not in EXAMPLES:
            raise Refused(GONE)
        return EXAMPLES[self.key]

    async def _act(self, interaction: discord.Interaction, prompt: str) -> None:
        context = await context_of(interaction, private=seen_privately(interaction))
        await show(interaction, await imagine(services_of(interaction), ImagineOptions(prompt=prompt), context))


def example_buttons(catalogue: Catalogue) -> list[ui.Item[Any]]:
    """Return three examples of what the default model draws well."""
    small = catalogue.images[0].name in catalogue.vocabularies
    return [ExampleButton.labelled(key) for key in (OF_SMALL_MODELS if small else OF_OTHERS)]
