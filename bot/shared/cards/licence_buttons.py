"""The answers to the question about a licence: heard after a restart too. A yes goes on with what was asked for."""

import discord

from bot.features.train.preflight import PhotoForm
from bot.features.train.training import TrainingAsked
from bot.shared.cards.go_on import go_on
from bot.shared.cards.layout import said
from bot.shared.cards.quote import show
from bot.shared.discord.interactions import acknowledge, in_time, studio_of
from bot.shared.discord.items import Answer, LastingItem
from bot.shared.orders.confirm import accept_licence
from bot.shared.orders.pending import asked_in, open_order

KEY = "[a-z0-9][a-z0-9._-]{0,31}(?::[0-9a-z]{26})?"  # a model's name, and where what was asked for is kept
ACCEPTED = "Thanks, you accepted the licence. Please run your command again."
DECLINED = "You declined the licence. Nothing was charged; `/models` lists other models."


class LicenceAnswer(LastingItem[tuple[str, str]], topic="licence", key_form=KEY):
    """What both answers share; nobody but the one who is asked sees them."""

    async def find(self, interaction: discord.Interaction) -> tuple[str, str]:
        """Return which model it is, and the id of the pending order; empty: none is kept."""
        model, _, order_id = self.key.partition(":")
        return model, order_id


class AcceptLicence(LicenceAnswer, verb="accept"):
    """Note that a member accepts a model's licence, and go on with what was asked for."""

    answer = Answer.FORM

    async def act(self, interaction: discord.Interaction, found: tuple[str, str]) -> None:
        studio, user_id, (model, order_id) = studio_of(interaction), interaction.user.id, found
        async with in_time():
            await accept_licence(studio, user_id, model)
            order = await open_order(studio, order_id, user_id) if order_id else None
        if order is None:
            await acknowledge(interaction, update=True)
            await interaction.edit_original_response(view=said(ACCEPTED))
            return
        asked = asked_in(studio, order)
        if isinstance(asked, TrainingAsked) and asked.wants_photos:
            await PhotoForm(asked.options).open(interaction)
            return
        await acknowledge(interaction, private=True, update=True)
        await show(interaction, await go_on(interaction, order))


class DeclineLicence(LicenceAnswer, verb="decline"):
    """Drop what was asked for."""

    async def act(self, interaction: discord.Interaction, found: tuple[str, str]) -> None:
        if found[1]:
            await studio_of(interaction).pending.drop(found[1])
        await interaction.edit_original_response(view=said(DECLINED))


LICENCE_BUTTONS = (AcceptLicence, DeclineLicence)
