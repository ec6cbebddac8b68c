"""/styles: the catalogue's LoRAs with their pictures, private."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.styles.cards import show_styles
from bot.shared.discord.commands import UsesServices
from bot.shared.discord.interactions import acknowledge


class Styles(commands.Cog, UsesServices):
    """The styles that there are."""

    @app_commands.command(description="Show the styles that you can put into pictures")
    async def styles(self, interaction: discord.Interaction) -> None:
        """Show the first page."""
        await acknowledge(interaction, private=True)
        await show_styles(interaction, 0)
