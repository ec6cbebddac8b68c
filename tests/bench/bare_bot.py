"""The least that a bot on discord.py does for a card: the floor under `tests.bench.overhead`.

    python -m tests.bench.bare_bot

It answers /imagine with the acknowledgement, and with one edit: the card as the bot lays it out, with four pictures
that it has already. No store, no queue, no worker, nothing checked. It has the bot's intents, event loop and JSON.
"""

import asyncio
import os
from typing import Any

import discord
from discord import app_commands, ui

from bot.platform import point_at
from bot.shared.cards.layout import layout
from bot.shared.discord.messages import discord_files
from bot.shared.files.pictures import Picture
from bot.start.event_loop import new_event_loop
from tests.bench.noop import picture

BUTTONS = ("Re-roll", "Edit prompt", "Info", "Delete")
COUNT = 4


class BareBot(discord.Client):
    """A client with one command."""

    def __init__(self) -> None:
        intents = discord.Intents(guilds=True, dm_messages=True, guild_messages=True)
        super().__init__(intents=intents, max_messages=None, chunk_guilds_at_startup=False)
        self.tree = app_commands.CommandTree(self)
        self.tree.command(name="imagine", description="Pictures")(_imagine)

    async def setup_hook(self) -> None:
        """Register the command."""
        await self.tree.sync()


@app_commands.describe(prompt="What you want to see")
async def _imagine(interaction: discord.Interaction, prompt: str) -> None:
    await interaction.response.defer(thinking=True)
    pictures = [Picture(f"picture-{number + 1}.png", PICTURE, prompt) for number in range(COUNT)]
    await interaction.edit_original_response(view=_card(prompt, pictures), attachments=discord_files(pictures))


def _card(prompt: str, pictures: list[Picture]) -> ui.LayoutView:
    gallery = ui.MediaGallery[ui.LayoutView]()
    for one in pictures:
        gallery.add_item(media=f"attachment://{one.name}", description=one.alt)
    card = ui.Container[ui.LayoutView](
        ui.TextDisplay(f"**{prompt}**"), gallery, ui.TextDisplay("-# seed 1 – 4"), accent_colour=discord.Colour.green()
    )
    buttons = [ui.Button[Any](label=label, custom_id=f"bare:{label}") for label in BUTTONS]
    return layout(card, ui.ActionRow[Any](*buttons))


PICTURE = picture()

if __name__ == "__main__":
    point_at(os.environ["DISCORD_API_URL"])
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(BareBot().start(os.environ["DISCORD_TOKEN"]))
