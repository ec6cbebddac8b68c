"""/help, private; and an answer to those who say something to the bot."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.help.cards import help_card
from bot.features.help.greeting import greet
from bot.shared.discord.commands import mention_of
from bot.shared.discord.interactions import is_operator
from bot.shared.discord.limits import RateLimits
from bot.shared.services import Services


class Help(commands.Cog):
    """What the bot can do."""

    def __init__(self, client: discord.Client, services: Services, limits: RateLimits) -> None:
        self._client = client
        self._services = services
        self._limits = limits

    @app_commands.command(description="Show what I can do, by topic")
    async def help(self, interaction: discord.Interaction) -> None:
        """Show the help card."""
        mention = mention_of(interaction.client, interaction.guild_id)
        view = help_card(mention, operator=is_operator(interaction))
        await interaction.response.send_message(view=view, ephemeral=True)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer what is said to the bot, if it is no clip."""
        await greet(self._client, self._services, self._limits, message)
