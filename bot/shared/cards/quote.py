"""What somebody is asked before something expensive is paid for: price, wait, and buttons that work after a restart."""

import contextlib
from typing import Any, ClassVar

import discord
from discord import ui

from bot.shared.cards.asking import ask, go_on
from bot.shared.cards.layout import layout
from bot.shared.discord.interactions import services_of
from bot.shared.discord.persistent_items import PersistentItem
from bot.shared.orders.confirm import decline
from bot.shared.orders.pending import open_order
from bot.shared.orders.quotes import PriceQuote
from bot.shared.text.formatting import about, credits, moment
from db.queue.job import Pace
from db.queue.pending import PendingOrder


class QuoteButton(PersistentItem[PendingOrder], topic="offer"):
    """What the answers to a question share."""

    async def find(self, interaction: discord.Interaction) -> PendingOrder:
        """Return the question to the one who was asked.

        Raises:
            UnknownOrder, NotYours: it was answered already, or somebody else was asked.
        """
        return await open_order(services_of(interaction), self.key, interaction.user.id)


class GoButton(QuoteButton, verb="go"):
    """Pay for it."""

    label = "Continue"
    style = discord.ButtonStyle.success
    pace: ClassVar[Pace] = Pace.FAST

    async def act(self, interaction: discord.Interaction, order: PendingOrder) -> None:
        """Go on at this button's pace."""
        await go_on(interaction, order, pace=self.pace)


class RelaxButton(GoButton, verb="relax"):
    """Have it for free, when the queue is empty."""

    label = "Run for free"
    style = discord.ButtonStyle.primary
    pace = Pace.RELAXED


class LeaveButton(QuoteButton, verb="leave"):
    """Drop what was asked for."""

    label = "Cancel"

    async def act(self, interaction: discord.Interaction, order: PendingOrder) -> None:
        """Decline, and take the question back."""
        await decline(services_of(interaction), order)
        with contextlib.suppress(discord.NotFound):  # pressed twice
            await interaction.delete_original_response()


QUOTE_BUTTONS = (GoButton, RelaxButton, LeaveButton)


async def ask_price(interaction: discord.Interaction, quote: PriceQuote) -> None:
    """Ask whether a member wants something for its price."""
    await ask(interaction, question_card(quote))


def question_card(quote: PriceQuote) -> ui.LayoutView:
    """Show what it would cost and how long it would take, with the possible answers."""
    answers = [*[GoButton] * quote.affordable, *[RelaxButton] * quote.relaxed, LeaveButton]
    card = ui.Container[ui.LayoutView](
        ui.TextDisplay(question_text(quote)),
        ui.ActionRow[Any](*(answer(quote.id) for answer in answers)),
        accent_colour=discord.Colour.gold(),
    )
    return layout(card)


def question_text(quote: PriceQuote) -> str:
    """Say what it would cost."""
    if quote.affordable:
        wait = f"\n-# ready in {about(quote.expected_s)}" if quote.expected_s is not None else ""
        return f"**This uses {quote.price} of your {credits(quote.available)}.** Continue?{wait}"
    return (
        "**Not enough credits.** Run it for free when the queue is empty?\n"
        f"-# It costs {credits(quote.price)}, you have {quote.available}. More come {moment(quote.renews_at)}."
    )
