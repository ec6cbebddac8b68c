"""/settings: a member's habits. /prefer suffix: the parameters that all their prompts have."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.imagine.habits.card import habits_of, prefer_suffix, settings_card, suffix_text
from bot.features.imagine.habits.suffix import SUFFIX_MAX
from bot.shared.discord.commands import UsesServices
from bot.shared.discord.interactions import acknowledge


class SettingsCommand(commands.Cog, UsesServices):
    """A member's habits."""

    @app_commands.command(description="Show and change your settings: pace, and what all your prompts end with")
    async def settings(self, interaction: discord.Interaction) -> None:
        """Show the card, to its member alone."""
        await acknowledge(interaction, private=True)
        habits = await habits_of(self.services, interaction.user.id)
        await interaction.edit_original_response(view=settings_card(habits))


class Prefer(
    commands.GroupCog,
    UsesServices,
    group_name="prefer",
    group_description="What all your prompts have in common",
):
    """What a member prefers."""

    @app_commands.command(description="Put the same parameters behind all your prompts")
    @app_commands.describe(parameters="Such as --ar 3:2 --no text; leave empty for none")
    async def suffix(
        self, interaction: discord.Interaction, parameters: app_commands.Range[str, 1, SUFFIX_MAX] | None = None
    ) -> None:
        """Remember the suffix, or forget it."""
        await acknowledge(interaction, private=True)
        suffix = await prefer_suffix(self.services, interaction.user.id, parameters or "")
        await interaction.edit_original_response(content=suffix_text(suffix))
