"""/quota: one's credits, and for operators those of others. /fast, /relax: the pace. /gift, where it is allowed.

Discord keeps permissions for whole commands, not for parts of one, so what only operators may do is checked here.
"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.credits.cards import changed_text, gift_text, pace_text, quota_card
from bot.features.credits.credits import GIFT_MAX, check_may_manage_credits, give, grant, set_credits
from bot.shared.discord.interactions import acknowledge, operator_of, terms_of
from bot.shared.operators import Operator
from bot.shared.pace import prefer_pace
from bot.shared.services import Services
from db.credits.statement import read_statement
from db.moderation.audit_log import log_entry
from db.moderation.targets import Target
from db.queue.job import Pace

Reason = app_commands.Range[str, 1, 200]
Amount = app_commands.Range[int, -1_000_000, 1_000_000]


class Quota(
    commands.GroupCog, group_name="quota", group_description="Credits: how many are left, and when you get more"
):
    """Credits."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @app_commands.command(description="Show your credits")
    async def mine(self, interaction: discord.Interaction) -> None:
        """Show the member's own credits."""
        await acknowledge(interaction, private=True)
        await self._show(interaction, interaction.user)

    @app_commands.command(description="Operators: show a member's credits")
    @app_commands.describe(member="Whose credits")
    async def show(self, interaction: discord.Interaction, member: discord.Member) -> None:
        """Show a member's credits to an operator."""
        entry = self._credits_manager(interaction).entry("quota show", Target.member(member.id))
        await acknowledge(interaction, private=True)
        await self.services.db.write(log_entry, entry)
        await self._show(interaction, member)

    @app_commands.command(description="Operators: give a member credits")
    @app_commands.describe(
        member="Who gets them", amount="How many; a negative number takes credits back", reason="Why; kept in the log"
    )
    async def grant(
        self, interaction: discord.Interaction, member: discord.Member, amount: Amount, reason: Reason
    ) -> None:
        """Give a member credits, or take some back."""
        operator = self._credits_manager(interaction)
        await acknowledge(interaction, private=True)
        await grant(self.services, operator, member.id, amount, reason, interaction_id=interaction.id)
        await self._tell(interaction, member, amount)

    @app_commands.command(name="set", description="Operators: set how many credits a member has")
    @app_commands.describe(member="Whose credits", amount="How many they should have", reason="Why; kept in the log")
    async def set_(
        self,
        interaction: discord.Interaction,
        member: discord.Member,
        amount: app_commands.Range[int, 0, 1_000_000],
        reason: Reason,
    ) -> None:
        """Set how many credits a member has."""
        operator = self._credits_manager(interaction)
        await acknowledge(interaction, private=True)
        difference = await set_credits(
            self.services, operator, member.id, amount, reason, interaction_id=interaction.id
        )
        await self._tell(interaction, member, difference)

    def _credits_manager(self, interaction: discord.Interaction) -> Operator:
        operator = operator_of(interaction)
        check_may_manage_credits(self.services, operator)
        return operator

    async def _show(self, interaction: discord.Interaction, member: discord.Member | discord.User) -> None:
        terms = terms_of(self.services, member, interaction.guild_id)
        statement = await read_statement(self.services.db, member.id, terms.allowance)
        await interaction.edit_original_response(view=quota_card(statement, terms, member.id))

    async def _tell(self, interaction: discord.Interaction, member: discord.Member, amount: int) -> None:
        terms = terms_of(self.services, member, interaction.guild_id)
        statement = await read_statement(self.services.db, member.id, terms.allowance)
        await interaction.edit_original_response(content=changed_text(member.id, amount, statement))


class Paces(commands.Cog):
    """Whether a member's jobs use credits or wait."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @app_commands.command(description="Run your jobs with credits, as soon as it is your turn")
    async def fast(self, interaction: discord.Interaction) -> None:
        """Prefer to pay."""
        await self._prefer(interaction, Pace.FAST)

    @app_commands.command(description="Run your jobs for free, when the queue is empty")
    async def relax(self, interaction: discord.Interaction) -> None:
        """Prefer to wait, for free."""
        await self._prefer(interaction, Pace.RELAXED)

    async def _prefer(self, interaction: discord.Interaction, pace: Pace) -> None:
        await acknowledge(interaction, private=True)
        terms = terms_of(self.services, interaction.user, interaction.guild_id)
        if pace is Pace.FAST or terms.relaxed:
            await prefer_pace(self.services, interaction.user.id, pace)
        await interaction.edit_original_response(content=pace_text(pace, terms))


class Gifts(commands.Cog):
    """Credits from one member to another."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @app_commands.command(description="Give some of your credits to another member")
    @app_commands.guild_only()
    @app_commands.describe(member="Who gets them", amount="How many of your credits")
    async def gift(
        self,
        interaction: discord.Interaction,
        member: discord.Member,
        amount: app_commands.Range[int, 1, GIFT_MAX],
    ) -> None:
        """Give another member some of one's own credits."""
        await acknowledge(interaction, private=True)
        terms = terms_of(self.services, interaction.user, interaction.guild_id)
        to_user = 0 if member.bot else member.id
        await give(self.services, interaction.user.id, to_user, amount, terms, interaction_id=interaction.id)
        await interaction.edit_original_response(content=gift_text(member.id, amount))
