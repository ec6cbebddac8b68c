"""/help, private; an answer to those who say something to the bot; and a word where it was added."""

from collections.abc import Callable

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.help.cards import help_card
from bot.features.help.greeting import Examples, greet
from bot.features.help.pictures import strip_of
from bot.features.help.topics import START
from bot.features.help.welcome import welcome
from bot.shared.discord.commands import mention_of
from bot.shared.discord.interactions import is_operator
from bot.shared.discord.limits import RateLimits
from bot.shared.discord.messages import discord_files
from bot.shared.services import Services


class Help(commands.Cog):
    """What the bot can do."""

    def __init__(
        self, client: discord.Client, services: Services, limits: RateLimits, examples: Callable[[], Examples]
    ) -> None:
        """Answer as one client.

        Args:
            client: answers.
            services: the stores, the catalogue and the rules.
            limits: how often members may do what.
            examples: makes the buttons that draw something at once.
        """
        self._client = client
        self._examples = examples
        self._services = services
        self._limits = limits

    @app_commands.command(description="Show what I can do, by topic")
    async def help(self, interaction: discord.Interaction) -> None:
        """Show the help card."""
        mention, picture = mention_of(interaction.client, interaction.guild_id), await strip_of(START)
        view = help_card(mention, operator=is_operator(interaction), picture=picture)
        await interaction.response.send_message(view=view, files=discord_files([picture]), ephemeral=True)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer what is said to the bot, if it is no clip."""
        await greet(self._client, self._services, self._limits, message, self._examples)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say how to begin."""
        await welcome(self._client, guild)
