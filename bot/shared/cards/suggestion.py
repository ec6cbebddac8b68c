"""What somebody is asked who may have meant something else, before it is priced: which of the two."""

from typing import Any, ClassVar

import discord
from discord import ui

from bot.shared.cards.asking import go_on
from bot.shared.cards.layout import layout
from bot.shared.cards.quote import DeclineButton, QuoteButton
from bot.shared.orders.order_request import SuggestionQuote
from bot.shared.text.formatting import first_part
from db.queue.pending import PendingOrder

LABEL_MAX = 80  # of the platform


class SuggestedButton(QuoteButton, verb="use"):
    """Go on with what was suggested."""

    style = discord.ButtonStyle.primary
    as_suggested: ClassVar[bool] = True

    @classmethod
    def labelled(cls, key: str, label: str) -> "SuggestedButton":
        """Return one that says what it goes on with."""
        button = ui.Button[Any](custom_id=cls.id_for(key), label=first_part(label, LABEL_MAX), style=cls.style)
        return cls(key, button)

    async def _act(self, interaction: discord.Interaction, order: PendingOrder) -> None:
        await go_on(interaction, order, as_suggested=self.as_suggested)


class AsTypedButton(SuggestedButton, verb="typed"):
    """Go on with what was typed."""

    style = discord.ButtonStyle.secondary
    as_suggested = False


SUGGESTION_BUTTONS = (SuggestedButton, AsTypedButton)


def suggestion_card(quote: SuggestionQuote) -> ui.LayoutView:
    """Show what may have been meant, with the possible answers."""
    suggestion = quote.suggestion
    answers = ui.ActionRow[Any](
        SuggestedButton.labelled(quote.id, suggestion.label),
        AsTypedButton.labelled(quote.id, suggestion.otherwise),
        DeclineButton(quote.id),
    )
    return layout(ui.Container(ui.TextDisplay(suggestion.said), answers, accent_colour=discord.Colour.gold()))
