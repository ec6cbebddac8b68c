"""/quota: one's credits, and for operators those of others. /fast, /relax: the pace. /gift, where it is allowed.

Discord keeps permissions for whole commands, not for parts of one, so what only operators may do is checked here.
"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards.quota import changed_text, gift_text, pace_text, quota_card
from bot.interactions import acknowledge, operator_of, terms_of
from bot.services.asking import prefer_pace
from bot.services.desk import Operator
from bot.services.quota import GIFT_MAX, check_purse, give, grant, set_credits, statement_of
from bot.shared.studio import Studio
from db.jobs import Pace

Reason = app_commands.Range[str, 1, 200]
Amount = app_commands.Range[int, -1_000_000, 1_000_000]


class Quota(commands.GroupCog, group_name="quota", group_description="Credits: what is left, and when more comes."):
    """Credits."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    @app_commands.command()
    async def mine(self, interaction: discord.Interaction) -> None:
        """Show your credits."""
        await acknowledge(interaction, private=True)
        await self._show(interaction, interaction.user)

    @app_commands.command()
    @app_commands.describe(member="Whose")
    async def show(self, interaction: discord.Interaction, member: discord.Member) -> None:
        """Operators: show somebody's credits."""
        act = self._purse_keeper(interaction).act("quota show", f"<@{member.id}>")
        await acknowledge(interaction, private=True)
        await self.studio.house.note(act)
        await self._show(interaction, member)

    @app_commands.command()
    @app_commands.describe(
        member="Who gets them", amount="How many; less than nothing takes some back", reason="Why; it is kept"
    )
    async def grant(
        self, interaction: discord.Interaction, member: discord.Member, amount: Amount, reason: Reason
    ) -> None:
        """Operators: give somebody credits."""
        operator = self._purse_keeper(interaction)
        await acknowledge(interaction, private=True)
        await grant(self.studio, operator, member.id, amount, reason, interaction_id=interaction.id)
        await self._tell(interaction, member, amount)

    @app_commands.command(name="set")
    @app_commands.describe(member="Whose", amount="How many they have afterwards", reason="Why; it is kept")
    async def set_(
        self,
        interaction: discord.Interaction,
        member: discord.Member,
        amount: app_commands.Range[int, 0, 1_000_000],
        reason: Reason,
    ) -> None:
        """Operators: set how many credits somebody has."""
        operator = self._purse_keeper(interaction)
        await acknowledge(interaction, private=True)
        difference = await set_credits(self.studio, operator, member.id, amount, reason, interaction_id=interaction.id)
        await self._tell(interaction, member, difference)

    def _purse_keeper(self, interaction: discord.Interaction) -> Operator:
        operator = operator_of(interaction)
        check_purse(self.studio, operator)
        return operator

    async def _show(self, interaction: discord.Interaction, member: discord.Member | discord.User) -> None:
        terms = terms_of(self.studio, member, interaction.guild_id)
        statement = await statement_of(self.studio, member.id, terms)
        await interaction.edit_original_response(view=quota_card(statement, terms, member.id))

    async def _tell(self, interaction: discord.Interaction, member: discord.Member, amount: int) -> None:
        terms = terms_of(self.studio, member, interaction.guild_id)
        statement = await statement_of(self.studio, member.id, terms)
        await interaction.edit_original_response(content=changed_text(member.id, amount, statement))


class Paces(commands.Cog):
    """How urgent it is what one asks for."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    @app_commands.command()
    async def fast(self, interaction: discord.Interaction) -> None:
        """Use credits from now on: everybody in turn."""
        await self._prefer(interaction, Pace.FAST)

    @app_commands.command()
    async def relax(self, interaction: discord.Interaction) -> None:
        """Have pictures and texts for free from now on, when nobody else waits."""
        await self._prefer(interaction, Pace.RELAXED)

    async def _prefer(self, interaction: discord.Interaction, pace: Pace) -> None:
        await acknowledge(interaction, private=True)
        terms = terms_of(self.studio, interaction.user, interaction.guild_id)
        if pace is Pace.FAST or terms.relaxed:
            await prefer_pace(self.studio, interaction.user.id, pace)
        await interaction.edit_original_response(content=pace_text(pace, terms))


class Gifts(commands.Cog):
    """Credits from one member to another."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(member="Who gets them", amount="How many of your credits")
    async def gift(
        self,
        interaction: discord.Interaction,
        member: discord.Member,
        amount: app_commands.Range[int, 1, GIFT_MAX],
    ) -> None:
        """Give somebody some of your credits."""
        await acknowledge(interaction, private=True)
        terms = terms_of(self.studio, interaction.user, interaction.guild_id)
        to_user = 0 if member.bot else member.id
        await give(self.studio, interaction.user.id, to_user, amount, terms, interaction_id=interaction.id)
        await interaction.edit_original_response(content=gift_text(member.id, amount))
