"""/favourites: what a member keeps at hand, private."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.favourites.cards import favourites_view
from bot.shared.discord.commands import UsesServices
from bot.shared.discord.interactions import acknowledge


class Favourites(commands.Cog, UsesServices):
    """A member's favourites."""

    @app_commands.command(description="Show the results that you keep with a ⭐ reaction")
    async def favourites(self, interaction: discord.Interaction) -> None:
        """Show the first page."""
        await acknowledge(interaction, private=True)
        await interaction.edit_original_response(view=await favourites_view(interaction, 0))
