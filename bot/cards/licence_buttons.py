"""The answers to the question about a licence: heard after a restart too. A yes goes on with what was asked for."""

import re
from typing import Self

import discord
from discord import ui

from bot.cards.beginning import begin_from
from bot.cards.licence import licence_button
from bot.cards.offer import question_card
from bot.cards.teaching import PhotoForm
from bot.errors import explain
from bot.interactions import acknowledge, studio_of
from bot.services.asking import Question, open_offer
from bot.services.licences import accept_licence
from bot.services.origin import Origin
from bot.services.resuming import lesson_in, resume
from db.jobs import Job
from db.offers import Offer

LICENCE = r"licence:(?P<verb>accept|decline):(?P<model>[a-z0-9][a-z0-9._-]{0,31})(?::(?P<offer_id>[0-9a-z]{26}))?"
ACCEPTED = "Thank you, that is noted. Please ask once more."
DECLINED = "Then not. Nothing was charged; other models are in `/models`."


class _PriceAsked(Exception):
    """What was asked for is dear, so there is one more question."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question


class LicenceButton(ui.DynamicItem[ui.Button[ui.LayoutView]], template=LICENCE):
    """One answer, of the one who pressed: nobody else sees the question."""

    def __init__(self, verb: str, model: str, offer_id: str | None) -> None:
        self.verb = verb
        self.model = model
        self.offer_id = offer_id
        super().__init__(licence_button(verb, model, offer_id))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.LayoutView], match: re.Match[str]
    ) -> Self:
        """Build the button again from what it carries."""
        return cls(match["verb"], match["model"], match["offer_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Take the answer."""
        try:
            if self.verb == "accept":
                await self._accept(interaction)
            else:
                await self._decline(interaction)
        except Exception as error:  # discord.py only logs what a dynamic item raises
            await explain(interaction, error)

    async def _accept(self, interaction: discord.Interaction) -> None:
        studio, user_id = studio_of(interaction), interaction.user.id
        await accept_licence(studio, user_id, self.model)
        offer = await open_offer(studio, self.offer_id, user_id) if self.offer_id else None
        if offer is None:
            await acknowledge(interaction, update=True)
            await _say(interaction, ACCEPTED)
        elif (lesson := lesson_in(offer)) is not None:
            await interaction.response.send_modal(PhotoForm(lesson))
        else:
            await _go_on(interaction, offer)

    async def _decline(self, interaction: discord.Interaction) -> None:
        await acknowledge(interaction, update=True)
        if self.offer_id:
            await studio_of(interaction).offers.drop(self.offer_id)
        await _say(interaction, DECLINED)


async def _go_on(interaction: discord.Interaction, offer: Offer) -> None:
    async def begin(origin: Origin) -> Job:
        accepted = await resume(studio_of(interaction), offer, origin)
        if isinstance(accepted, Question):
            raise _PriceAsked(accepted)
        return accepted

    try:
        await begin_from(interaction, begin, private=bool(offer.content["private"]))
    except _PriceAsked as asked:
        await interaction.edit_original_response(view=question_card(asked.question))


async def _say(interaction: discord.Interaction, text: str) -> None:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    await interaction.edit_original_response(view=view)
