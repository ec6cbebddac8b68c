"""What somebody is asked once before a model that wants it: to accept its licence. Declining costs nothing.

`bot.shared.cards.licence_buttons` hears the answer.
"""

import discord
from discord import ui

from bot.shared.cards.layout import layout
from bot.shared.errors import LicenceNeeded
from bot.shared.orders.quotes import LicenceQuote
from inference.catalogue import ImageModel, SpeechModel

LABELS = {"accept": "Accept", "decline": "Decline"}
STYLES = {"accept": discord.ButtonStyle.success, "decline": discord.ButtonStyle.secondary}


def licence_card(quote: LicenceQuote) -> ui.LayoutView:
    """Show which licence it is, with the possible answers."""
    row = ui.ActionRow[ui.LayoutView](*(licence_button(verb, quote.model.name, quote.id) for verb in LABELS))
    text = ui.TextDisplay[ui.LayoutView](f"**{LicenceNeeded(quote.model)}**\n{_where(quote.model)}\nDo you accept it?")
    return layout(ui.Container(text, row, accent_colour=discord.Colour.gold()))


def licence_button(verb: str, model: str, order_id: str | None) -> ui.Button[ui.LayoutView]:
    """Return the button of one answer; it carries the model's name, and where what was asked for is kept."""
    custom_id = f"licence:{verb}:{model}" + (f":{order_id}" if order_id else "")
    return ui.Button(label=LABELS[verb], style=STYLES[verb], custom_id=custom_id)


def _where(model: ImageModel | SpeechModel) -> str:
    return f"[Read it](<{model.licence_url}>)" if model.licence_url else "The licence text comes with the model."
