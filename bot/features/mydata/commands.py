"""/mydata: what is kept of a member, handed over or deleted. All answers are private."""

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.mydata.cards import delete_card
from bot.features.mydata.personal_data import export_parts
from bot.shared.discord.commands import UsesServices
from bot.shared.discord.interactions import acknowledge
from db.credits.statement import read_statement

ROOM_BYTES = 64 * 1024  # of an upload, for what is not the file


class MyData(commands.GroupCog, UsesServices, group_name="mydata", group_description="Everything I keep about you"):
    """A member's own data."""

    @app_commands.command(description="Get everything I keep about you as a zip file")
    async def export(self, interaction: discord.Interaction) -> None:
        """Send the member everything that is kept of them, as zips."""
        await acknowledge(interaction, private=True)
        await interaction.edit_original_response(content="Packing …")
        parts = 0
        limit_bytes = interaction.filesize_limit - ROOM_BYTES
        async for name, content in export_parts(self.services, interaction.user.id, limit_bytes):
            parts += 1
            await interaction.followup.send(file=discord.File(io.BytesIO(content), name), ephemeral=True)
        several = f" in {parts} zip files; unpack them all into one folder" if parts > 1 else ""
        await interaction.edit_original_response(
            content=f"Here is everything I keep about you{several}. Open `index.html` in your browser to look around."
        )

    @app_commands.command(description="Delete everything I keep about you; I ask first")
    async def delete(self, interaction: discord.Interaction) -> None:
        """Ask whether everything that is kept of the member should go."""
        await acknowledge(interaction, private=True)
        statement = await read_statement(
            self.services.db, interaction.user.id, self.services.rules.tiers.terms(None).allowance
        )
        card = delete_card(interaction.user.id, available=statement.available)
        await interaction.edit_original_response(view=card)
