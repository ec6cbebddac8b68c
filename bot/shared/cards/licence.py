"""What somebody is asked once before a model that wants it: to accept its licence. Declining costs nothing.

The answers are heard after a restart too; a yes goes on with what was asked for.
"""

import contextlib
from typing import Any

import discord
from discord import ui

from bot.shared.cards.asking import go_on, show
from bot.shared.cards.declined import declined_card
from bot.shared.cards.layout import layout, said
from bot.shared.discord.interactions import acknowledge, in_time, services_of
from bot.shared.discord.persistent_items import Answer, PersistentItem
from bot.shared.errors import LicenceNeeded
from bot.shared.orders.confirm import accept_licence, decline
from bot.shared.orders.order_request import LicenceQuote, PhotosWanted
from bot.shared.orders.pending import open_order, request_in
from db.errors import UnknownOrder

KEY = "[a-z0-9][a-z0-9._-]{0,31}(?::[0-9a-z]{26})?"  # a model's name, and where what was asked for is kept
ACCEPTED = "Thanks, you accepted the licence. Please run your command again."
DECLINED = "You declined the licence. Nothing was charged; `/models` lists other models."


class LicenceButton(PersistentItem[tuple[str, str]], topic="licence", key_form=KEY):
    """What both answers share; nobody but the one who is asked sees them."""

    async def find(self, interaction: discord.Interaction) -> tuple[str, str]:
        """Return which model it is, and the id of the pending order; empty: none is kept."""
        model, _, order_id = self.key.partition(":")
        return model, order_id


class AcceptLicenceButton(LicenceButton, verb="accept"):
    """Note that a member accepts a model's licence, and go on with what was asked for."""

    label = "Accept"
    style = discord.ButtonStyle.success
    answer = Answer.FORM

    async def _act(self, interaction: discord.Interaction, found: tuple[str, str]) -> None:
        services, user_id, (model, order_id) = services_of(interaction), interaction.user.id, found
        async with in_time():
            await accept_licence(services, user_id, model)
            order = await open_order(services, order_id, user_id) if order_id else None
        if order is not None and (order_request := request_in(services, order)).wants_photos:
            await show(interaction, PhotosWanted(order_request=order_request))
            return
        await acknowledge(interaction, private=True, update=True)
        if order is not None:
            await go_on(interaction, order)
        else:
            await interaction.edit_original_response(view=said(ACCEPTED))


class DeclineLicenceButton(LicenceButton, verb="decline"):
    """Drop what was asked for; what was typed stays, to be edited."""

    label = "Decline"

    async def _act(self, interaction: discord.Interaction, found: tuple[str, str]) -> None:
        services, kept = services_of(interaction), None
        if found[1]:
            with contextlib.suppress(UnknownOrder):  # pressed twice
                order = await open_order(services, found[1], interaction.user.id)
                kept = declined_card(interaction, order, DECLINED)
                await decline(services, order)
        await interaction.edit_original_response(view=kept or said(DECLINED))


LICENCE_BUTTONS = (AcceptLicenceButton, DeclineLicenceButton)


def licence_card(quote: LicenceQuote) -> ui.LayoutView:
    """Show which licence it is, with the possible answers."""
    model, key = quote.model, f"{quote.model.name}:{quote.id}"
    where = f"[Read it](<{model.licence_url}>)" if model.licence_url else "The licence text comes with the model."
    text = ui.TextDisplay[ui.LayoutView](f"**{LicenceNeeded(model)}**\n{where}\nDo you accept it?")
    row = ui.ActionRow[Any](AcceptLicenceButton(key), DeclineLicenceButton(key))
    return layout(ui.Container(text, row, accent_colour=discord.Colour.gold()))
