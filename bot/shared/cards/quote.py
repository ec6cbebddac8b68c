"""What somebody is asked before something expensive is paid for: price, wait, and buttons that work after a restart."""

import contextlib
from typing import Any, ClassVar

import discord
from discord import ui

from bot.shared.cards.asking import go_on
from bot.shared.cards.declined import declined_card
from bot.shared.cards.layout import layout
from bot.shared.discord.interactions import services_of
from bot.shared.discord.persistent_items import PersistentItem
from bot.shared.orders.confirm import decline
from bot.shared.orders.order_request import PriceQuote
from bot.shared.orders.pending import open_order
from bot.shared.text.formatting import about, credits, moment
from db.errors import UnknownOrder
from db.queue.job import Pace
from db.queue.pending import PendingOrder

CANCELLED = "**Cancelled.** Nothing was charged."


class QuoteButton(PersistentItem[PendingOrder], topic="offer"):
    """What the answers to a question share."""

    gone: ClassVar[type[Exception]] = UnknownOrder  # what is said where it was answered already

    async def find(self, interaction: discord.Interaction) -> PendingOrder:
        """Return the question to the one who was asked.

        Raises:
            Refused, StoreError: it was answered already (`gone`), or somebody else was asked.
        """
        try:
            return await open_order(services_of(interaction), self.key, interaction.user.id)
        except UnknownOrder as error:
            raise self.gone from error


class ContinueButton(QuoteButton, verb="go"):
    """Pay the price, and go on with what was asked for."""

    label = "Continue"
    style = discord.ButtonStyle.success
    pace: ClassVar[Pace] = Pace.FAST

    async def _act(self, interaction: discord.Interaction, order: PendingOrder) -> None:
        await go_on(interaction, order, pace=self.pace)


class RunForFreeButton(ContinueButton, verb="relax"):
    """Have it for free, when the queue is empty."""

    label = "Run for free"
    style = discord.ButtonStyle.primary
    pace = Pace.RELAXED


class DeclineButton(QuoteButton, verb="leave"):
    """Drop what was asked for; what was typed stays, to be edited."""

    label = "Cancel"

    async def _act(self, interaction: discord.Interaction, order: PendingOrder) -> None:
        kept = declined_card(interaction, order, CANCELLED)
        await decline(services_of(interaction), order)
        with contextlib.suppress(discord.NotFound):  # pressed twice
            if kept is None:
                await interaction.delete_original_response()
            else:
                await interaction.edit_original_response(view=kept)


QUOTE_BUTTONS = (ContinueButton, RunForFreeButton, DeclineButton)


def quote_card(quote: PriceQuote, *, for_all: bool = False) -> ui.LayoutView:
    """Show what it would cost and how long it would take, with the possible answers.

    Args:
        quote: the price.
        for_all: everybody in the channel sees it, so that it does not say what its member has.
    """
    answers = [*[ContinueButton] * quote.affordable, *[RunForFreeButton] * quote.relaxed, DeclineButton]
    card = ui.Container[ui.LayoutView](
        ui.TextDisplay(quote_text(quote, for_all=for_all)),
        ui.ActionRow[Any](*(answer(quote.id) for answer in answers)),
        accent_colour=discord.Colour.gold(),
    )
    return layout(card)


def quote_text(quote: PriceQuote, *, for_all: bool = False) -> str:
    """Say what it would cost, and what its member has, if nobody else reads it."""
    if quote.affordable:
        wait = f"\n-# ready in {about(quote.expected_s)}" if quote.expected_s is not None else ""
        uses = f"This uses {credits(quote.price) if for_all else f'{quote.price} of your {credits(quote.available)}'}."
        return (f"**{quote.asks}** {uses}" if quote.asks else f"**{uses}** Continue?") + wait
    you_have = "" if for_all else f", you have {quote.available}"
    return (
        "**Not enough credits.** Run it for free when the queue is empty?\n"
        f"-# It costs {credits(quote.price)}{you_have}. More come {moment(quote.renews_at)}."
    )
