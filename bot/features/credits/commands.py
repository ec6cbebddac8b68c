"""/quota: one's credits. /fast, /relax: the pace. /gift, where it is allowed."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.credits.cards import pace_text, quota_card
from bot.shared.discord.commands import UsesServices, in_servers, mention_of
from bot.shared.discord.interactions import acknowledge, limits_of, services_of, terms_of
from bot.shared.discord.messages import tell
from bot.shared.errors import BadParameter
from bot.shared.orders.quote import prefer_pace
from bot.shared.text.formatting import credits
from db.credits import grants
from db.credits.statement import read_statement
from db.queue.job import Pace

GIFT_MAX = 1_000_000


class Quota(
    commands.GroupCog,
    UsesServices,
    group_name="quota",
    group_description="Credits: how many are left, and when you get more",
):
    """A member's own credits."""

    @app_commands.command(description="Show your credits")
    async def mine(self, interaction: discord.Interaction) -> None:
        """Show the member's own credits."""
        await acknowledge(interaction, private=True)
        await show_credits(interaction, interaction.user)


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
    @in_servers
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
        is_new = await self.services.db.write(
            grants.give, interaction.user.id, member.id, amount, f"gift:{interaction.id}", allowance=terms.allowance
        )
        await interaction.edit_original_response(content=f"You gave <@{member.id}> {credits(amount)}. That was kind!")
        if is_new:
            await tell_receiver(interaction, member, f"🎁 <@{interaction.user.id}> gave you {credits(amount)}.")


async def tell_receiver(interaction: discord.Interaction, member: discord.Member, text: str) -> None:
    """Tell a member in a direct message that they got credits, and where to see them."""
    client, seen = interaction.client, mention_of(interaction.client)("quota mine")
    await tell(client, limits_of(interaction), member.id, f"{text}\nSee them with {seen}.", once=str(interaction.id))


async def show_credits(interaction: discord.Interaction, member: discord.Member | discord.User) -> None:
    """Show a member's credits in an answer that was acknowledged."""
    services = services_of(interaction)
    terms = terms_of(services, member, interaction.guild_id)
    statement = await read_statement(services.db, member.id, terms.allowance)
    await interaction.edit_original_response(view=quota_card(statement, terms, member.id))
