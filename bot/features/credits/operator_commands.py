"""/atelier-credits: members' credits, for operators of home servers.

Discord keeps permissions for whole commands, not for parts of one: beside `/quota mine`, everybody would be offered
these, and in `/atelier`, operators of all servers.
"""

from collections.abc import Callable, Mapping

import discord
from discord import app_commands

from bot.features.credits.commands import show_credits, tell_receiver
from bot.shared.discord.commands import Mention, for_operators
from bot.shared.discord.interactions import acknowledge, operator_of, terms_of
from bot.shared.errors import BadParameter, Refused
from bot.shared.policy import Operator
from bot.shared.services import Services
from bot.shared.text.formatting import credits, harmless, inline, plainly
from db.credits import grants
from db.credits.statement import read_statement
from db.moderation.audit_log import log_entry
from db.moderation.targets import Target

Reason = app_commands.Range[str, 1, 200]
Amount = app_commands.Range[int, -1_000_000, 1_000_000]
NOT_AT_HOME = (
    "Credits are shared by all servers I'm in, so only operators of my home servers can manage them. Whoever runs me "
    "sets those servers in `HOME_GUILDS`."
)
MOVED = "`/atelier credits` is a command of its own now. Please use {show}, {grant} or {set}."
GROUP = "atelier-credits"


def where_they_are(mention: Mention) -> str:
    """Say where credits are managed, to somebody whose app still shows the commands where they no longer are."""
    verbs = {verb: mention(f"{GROUP} {verb}") for verb in ("show", "grant", "set")}
    return MOVED.format(**verbs) if all(verbs.values()) else NOT_AT_HOME


ELSEWHERE: Mapping[str, Callable[[Mention], str]] = {"atelier credits": where_they_are, GROUP: where_they_are}


@for_operators
class CreditsCommands(app_commands.Group):
    """Credits of members."""

    def __init__(self, services: Services) -> None:
        super().__init__(name=GROUP, description="Operators: members' credits")
        self.services = services

    @app_commands.command(description="Show a member's credits")
    @app_commands.describe(member="Whose credits")
    async def show(self, interaction: discord.Interaction, member: discord.Member) -> None:
        """Show a member's credits to an operator."""
        entry = self._credits_manager(interaction).entry("credits show", Target.member(member.id))
        await acknowledge(interaction, private=True)
        await self.services.db.write(log_entry, entry)
        await show_credits(interaction, member)

    @app_commands.command(description="Give a member credits")
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
        entry = operator.entry("credits grant", Target.member(member.id, f"{amount:+d}"), reason)
        allowance = self.services.rules.tiers.terms(None).allowance
        is_new = await self.services.db.write(
            grants.grant, member.id, amount, f"grant:{interaction.id}", entry, allowance=allowance
        )
        await self._answer(interaction, member, amount, reason, is_new=is_new)

    @app_commands.command(name="set", description="Set how many credits a member has")
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
        entry = operator.entry("credits set", Target.member(member.id, f"= {amount}"), reason)
        allowance = self.services.rules.tiers.terms(None).allowance
        difference = await self.services.db.write(
            grants.set_available, member.id, amount, f"set:{interaction.id}", entry, allowance=allowance
        )
        await self._answer(interaction, member, difference, reason, is_new=difference != 0)

    def _credits_manager(self, interaction: discord.Interaction) -> Operator:
        """Say who looks after members' credits: each person has one balance, which counts in all servers."""
        operator = operator_of(interaction)
        if not operator.at_home(self.services):
            raise Refused(NOT_AT_HOME)
        return operator

    async def _answer(
        self, interaction: discord.Interaction, member: discord.Member, amount: int, reason: str, *, is_new: bool
    ) -> None:
        """Say what the member has now, and tell them if they got something."""
        terms = terms_of(self.services, member, interaction.guild_id)
        statement = await read_statement(self.services.db, member.id, terms.allowance)
        text = f"<@{member.id}> now has {credits(statement.available)} ({amount:+d})."
        await interaction.edit_original_response(content=text)
        if is_new and amount > 0 and not member.bot:
            where = inline(member.guild.name)
            why = plainly(harmless(reason, 200))
            await tell_receiver(interaction, member, f"🎁 An operator of {where} gave you {credits(amount)}: {why}")
