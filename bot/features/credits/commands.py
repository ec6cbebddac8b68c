"""/quota: one's credits, and for operators those of others. /fast, /relax: the pace. /gift, where it is allowed.

Discord keeps permissions for whole commands, not for parts of one, so what only operators may do is checked here.
"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.credits.cards import pace_text, quota_card
from bot.shared.discord.commands import UsesServices
from bot.shared.discord.interactions import acknowledge, operator_of, terms_of
from bot.shared.errors import BadParameter, Refused
from bot.shared.orders.quote import prefer_pace
from bot.shared.policy import Operator
from bot.shared.text.formatting import credits
from db.credits import grants
from db.credits.statement import read_statement
from db.moderation.audit_log import log_entry
from db.moderation.targets import Target
from db.queue.job import Pace

Reason = app_commands.Range[str, 1, 200]
Amount = app_commands.Range[int, -1_000_000, 1_000_000]
GIFT_MAX = 1_000_000
NOT_AT_HOME = (
    "Credits are shared by all servers I'm in, so only operators of my home servers can manage them. Whoever runs me "
    "sets those servers in `HOME_GUILDS`."
)


class Quota(
    commands.GroupCog,
    UsesServices,
    group_name="quota",
    group_description="Credits: how many are left, and when you get more",
):
    """A member's own credits, and for operators those of others."""

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
        if not amount:
            raise BadParameter(
                "`amount` can't be 0. Say how many credits to give, or use a negative number to take some back."
            )
        entry = operator.entry("quota grant", Target.member(member.id, f"{amount:+d}"), reason)
        allowance = self.services.rules.tiers.terms(None).allowance
        await self.services.db.write(
            grants.grant, member.id, amount, f"grant:{interaction.id}", entry, allowance=allowance
        )
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
        entry = operator.entry("quota set", Target.member(member.id, f"= {amount}"), reason)
        allowance = self.services.rules.tiers.terms(None).allowance
        difference = await self.services.db.write(
            grants.set_available, member.id, amount, f"set:{interaction.id}", entry, allowance=allowance
        )
        await self._tell(interaction, member, difference)

    def _credits_manager(self, interaction: discord.Interaction) -> Operator:
        """Say who looks after members' credits: each person has one balance, which counts in all servers."""
        operator = operator_of(interaction)
        if not operator.at_home(self.services):
            raise Refused(NOT_AT_HOME)
        return operator

    async def _show(self, interaction: discord.Interaction, member: discord.Member | discord.User) -> None:
        terms = terms_of(self.services, member, interaction.guild_id)
        statement = await read_statement(self.services.db, member.id, terms.allowance)
        await interaction.edit_original_response(view=quota_card(statement, terms, member.id))

    async def _tell(self, interaction: discord.Interaction, member: discord.Member, amount: int) -> None:
        terms = terms_of(self.services, member, interaction.guild_id)
        statement = await read_statement(self.services.db, member.id, terms.allowance)
        text = f"<@{member.id}> now has {credits(statement.available)} ({amount:+d})."
        await interaction.edit_original_response(content=text)


class Paces(commands.Cog, UsesServices):
    """Whether a member's jobs use credits or wait."""

    @app_commands.command(description="Run your jobs with credits, as soon as it is your turn")
    async def fast(self, interaction: discord.Interaction) -> None:
        """Let the member's jobs use credits from now on."""
        await self._prefer(interaction, Pace.FAST)

    @app_commands.command(description="Run your jobs for free, when the queue is empty")
    async def relax(self, interaction: discord.Interaction) -> None:
        """Let the member's jobs wait, for free, from now on."""
        await self._prefer(interaction, Pace.RELAXED)

    async def _prefer(self, interaction: discord.Interaction, pace: Pace) -> None:
        await acknowledge(interaction, private=True)
        terms = terms_of(self.services, interaction.user, interaction.guild_id)
        if pace is Pace.FAST or terms.relaxed:
            await prefer_pace(self.services, interaction.user.id, pace)
        await interaction.edit_original_response(content=pace_text(pace, terms))


class Gifts(commands.Cog, UsesServices):
    """Credits from one member to another."""

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
        if member.bot or member.id == interaction.user.id:
            raise BadParameter("Please choose another `member`: you can't give credits to yourself or to a bot.")
        terms = terms_of(self.services, interaction.user, interaction.guild_id)
        await self.services.db.write(
            grants.give, interaction.user.id, member.id, amount, f"gift:{interaction.id}", allowance=terms.allowance
        )
        await interaction.edit_original_response(content=f"You gave <@{member.id}> {credits(amount)}. That was kind!")
