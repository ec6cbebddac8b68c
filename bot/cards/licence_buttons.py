"""The answers to the question about a licence: heard after a restart too."""

import re
from typing import Self

import discord
from discord import ui

from bot.cards.licence import licence_button
from bot.errors import explain
from bot.interactions import acknowledge, studio_of

LICENCE = r"licence:(?P<verb>accept|decline):(?P<model>[a-z0-9][a-z0-9._-]{0,31})"
ACCEPTED = "Thank you, that is noted. Please ask once more."
DECLINED = "Then not. Nothing was charged; other models are in `/models`."


class LicenceButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=LICENCE):
    """One answer, of the one who pressed: nobody else sees the question."""

    def __init__(self, verb: str, model: str) -> None:
        self.verb = verb
        self.model = model
        super().__init__(licence_button(verb, model))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str]
    ) -> Self:
        """Build the button again from what it carries."""
        return cls(match["verb"], match["model"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Note the answer."""
        try:
            await self._answer(interaction)
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)

    async def _answer(self, interaction: discord.Interaction) -> None:
        studio = studio_of(interaction)
        await acknowledge(interaction, update=True)
        for model in (*studio.catalogue.images, *studio.catalogue.speech):
            if model.name == self.model and self.verb == "accept":
                await studio.house.accept_licence(interaction.user.id, model.name, model.licence)
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(ACCEPTED if self.verb == "accept" else DECLINED))
        await interaction.edit_original_response(view=view)
