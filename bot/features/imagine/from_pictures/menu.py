"""The message menu 'Use this picture': new pictures that begin from one that somebody sees on a message."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands, ui

from bot.features.imagine.edit.forms import refusal_card
from bot.features.imagine.from_pictures.sources import said_by, usable
from bot.features.imagine.options import ImagineOptions
from bot.features.imagine.order import imagine
from bot.features.imagine.prompt import PROMPT_MAX
from bot.features.imagine.tuning import STRENGTH_DEFAULT
from bot.shared.cards.asking import show
from bot.shared.discord.attachments import pictures_in
from bot.shared.discord.forms import Form
from bot.shared.discord.interactions import acknowledged_context, limits_of, services_of
from bot.shared.discord.limits import PICTURES
from bot.shared.errors import Refused
from bot.shared.files.downloads import RemoteFile

NAME = "Use this picture"
NO_PICTURE = "There is no picture on that message. Choose one with a PNG, JPEG or WebP picture."


class UsePictureForm(Form, title=NAME):
    """Which picture of a message, what shall become of it, and how much of it changes."""

    def __init__(self, pictures: Sequence[RemoteFile], *, said_by: int, private: bool) -> None:
        """Build it.

        Args:
            pictures: those of the message.
            said_by: the id of the message.
            private: only the one who sends it will see the result.
        """
        super().__init__()
        self._pictures, self._said_by, self._private = pictures, said_by, private
        numbers = range(1, len(pictures) + 1)
        options = [discord.SelectOption(label=f"Picture {number}", value=str(number)) for number in numbers]
        self._picture = ui.Select[Any](options=options, placeholder="Which picture?")
        if len(pictures) > 1:
            self.add_item(ui.Label(text="Picture", component=self._picture))
        self._prompt = ui.TextInput[Any](style=discord.TextStyle.paragraph, max_length=PROMPT_MAX + 200)
        hint = "What it should show, as in /imagine; add --ar 3:2, --seed 7 and more at the end"
        self.add_item(ui.Label(text="Prompt", description=hint, component=self._prompt))
        self._strength = ui.TextInput[Any](max_length=4, placeholder=str(STRENGTH_DEFAULT), required=False)
        hint = "How much of the picture changes, in percent"
        self.add_item(ui.Label(text="Strength", description=hint, component=self._strength))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Ask for pictures, as /imagine does."""
        limits_of(interaction).take(PICTURES, interaction.user.id)
        context = await acknowledged_context(interaction, private=self._private)
        services, picture = services_of(interaction), self._pictures[int(next(iter(self._picture.values), 1)) - 1]
        image = await usable(services, self._said_by, picture, context)
        strength = self._strength.value.strip() or None
        options = ImagineOptions(prompt=self._prompt.value, image=image, strength=strength)
        await show(interaction, await imagine(services, options, context))

    def refusal(self, text: str) -> ui.LayoutView:
        """Return a refusal that shows what was typed."""
        return refusal_card(text, self._prompt.value, "")


async def use_picture(interaction: discord.Interaction, message: discord.Message) -> None:
    """Open the form about the pictures of a message."""
    pictures = pictures_in(message)
    if not pictures:
        raise Refused(NO_PICTURE)
    await UsePictureForm(pictures, said_by=said_by(message), private=message.flags.ephemeral).open(interaction)


def picture_menu() -> app_commands.ContextMenu:
    """Return the menu."""
    return app_commands.ContextMenu(name=NAME, callback=use_picture)
