"""What somebody is asked once before a model that wants it: to accept its licence. Declining costs nothing.

The question is made of plain buttons, so that `bot.errors` can ask it; `bot.cards.licence_buttons` hears the answer.
"""

import discord
from discord import ui

from bot.services.errors import LicenceNeeded
from inference.catalogue import ImageModel, SpeechModel

LABELS = {"accept": "I accept it", "decline": "No, thank you"}
STYLES = {"accept": discord.ButtonStyle.success, "decline": discord.ButtonStyle.secondary}


def licence_card(error: LicenceNeeded) -> ui.LayoutView:
    """Show which licence it is, with the possible answers."""
    row = ui.ActionRow[ui.LayoutView](*(licence_button(verb, error.model.name) for verb in LABELS))
    text = ui.TextDisplay[ui.LayoutView](f"**{error}**\n{_where(error.model)}\nDo you accept it?")
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(text, row, accent_colour=discord.Colour.gold()))
    return view


def licence_button(verb: str, model: str) -> ui.Button[ui.LayoutView]:
    """Return the button of one answer; the model's name is all that it carries."""
    return ui.Button(label=LABELS[verb], style=STYLES[verb], custom_id=f"licence:{verb}:{model}")


def _where(model: ImageModel | SpeechModel) -> str:
    return f"[Read it](<{model.licence_url}>)" if model.licence_url else "Its text comes with the model."
