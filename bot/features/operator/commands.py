"""/atelier: the operator's desk. Discord shows it to those who may manage the server; it is checked again here.

An administrator can open single commands to other roles in Discord's own settings (Integrations); the permissions that
Discord computes for the command are not told to us, so that check stays: who may manage the server.
"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.operator import admin
from bot.features.operator.cards import channels_text, log_text, words_text
from bot.features.operator.finding import ask_to_remove, show_found
from bot.features.operator.shown import Shown
from bot.features.operator.withheld import show_withheld
from bot.shared.discord.commands import UsesServices, for_operators
from bot.shared.discord.interactions import acknowledge, is_operator, operator_of
from bot.shared.text.folding import fold
from bot.shared.text.formatting import inline
from db.moderation.audit_log import latest_entries
from db.moderation.decisions import ChannelRule, Topic, decide, decisions_of
from db.moderation.targets import Target, TargetKind

Reason = app_commands.Range[str, 1, 200]
JobId = app_commands.Range[str, 26, 26]
Word = app_commands.Range[str, 1, 50]
ENTRIES_SHOWN = 25


@for_operators
class OperatorCommands(
    commands.GroupCog,
    UsesServices,
    group_name="atelier",
    group_description="Operators: pause, ban, set rules, find, remove",
):
    """What operators can do in their server."""

    words = app_commands.Group(name="words", description="Blocked words")
    channels = app_commands.Group(name="channels", description="Where I can be used")

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Let operators pass, whatever was shown to whom."""
        return is_operator(interaction)

    @app_commands.command(description="Start no new jobs until /atelier resume")
    @app_commands.describe(notice="What to tell members meanwhile")
    async def pause(self, interaction: discord.Interaction, notice: Reason = "") -> None:
        """Begin no job until `resume`."""
        await acknowledge(interaction, private=True)
        await admin.pause(self.services, operator_of(interaction), notice)
        await _say(
            interaction, "Paused. Running jobs finish, and queued ones keep their place until `/atelier resume`."
        )

    @app_commands.command(description="Start jobs again after a pause")
    async def resume(self, interaction: discord.Interaction) -> None:
        """End a pause."""
        await acknowledge(interaction, private=True)
        was = await admin.resume(self.services, operator_of(interaction))
        await _say(interaction, "Resumed." if was else "I wasn't paused.")

    @app_commands.command(description="Ban a member and cancel their jobs")
    @app_commands.describe(member="Who to ban", reason="Why; kept in the log")
    async def ban(self, interaction: discord.Interaction, member: discord.User, reason: Reason) -> None:
        """Ban a member in this server, and cancel their jobs there."""
        await acknowledge(interaction, private=True)
        await admin.ban(self.services, operator_of(interaction), member.id, reason)
        await _say(interaction, f"Banned <@{member.id}>. `/atelier unban` lets them use me again.")

    @app_commands.command(description="Lift a member's ban")
    @app_commands.describe(member="Whose ban to lift")
    async def unban(self, interaction: discord.Interaction, member: discord.User) -> None:
        """Let a member who was banned in this server use the bot again."""
        await acknowledge(interaction, private=True)
        entry = operator_of(interaction).entry("unban", Target.member(member.id))
        was = await self.services.moderation.take_back(entry, Topic.BAN, str(member.id))
        await _say(interaction, f"<@{member.id}> can use me again." if was else f"<@{member.id}> wasn't banned.")

    @words.command(name="add", description="Block a word")
    @app_commands.describe(word="I refuse requests with this word; capitals and accents make no difference")
    async def add_word(self, interaction: discord.Interaction, word: Word) -> None:
        """Block a word."""
        await acknowledge(interaction, private=True)
        typed = await admin.block_word(self.services, operator_of(interaction), word)
        await _say(
            interaction, f"Blocked {inline(typed)}. I refuse requests with that word, and nobody is charged for them."
        )

    @words.command(name="remove", description="Unblock a word")
    @app_commands.describe(word="Which word to unblock")
    async def remove_word(self, interaction: discord.Interaction, word: Word) -> None:
        """Unblock a word."""
        await acknowledge(interaction, private=True)
        entry = operator_of(interaction).entry("words remove", Target(TargetKind.WORD, word))
        was = await self.services.moderation.take_back(entry, Topic.WORD, fold(word))
        await _say(interaction, f"Unblocked {inline(word)}." if was else f"{inline(word)} wasn't blocked.")

    @words.command(name="list", description="List the blocked words")
    async def list_words(self, interaction: discord.Interaction) -> None:
        """Show the blocked words."""
        await acknowledge(interaction, private=True)
        decided = await self.services.db.read(decisions_of, operator_of(interaction).guild_id, Topic.WORD)
        await _say(interaction, words_text(decided))

    @channels.command(description="Let members use me in a channel, and only in allowed ones")
    @app_commands.describe(channel="Which channel; those that aren't allowed are closed to me from then on")
    async def allow(self, interaction: discord.Interaction, channel: discord.TextChannel) -> None:
        """Allow a channel."""
        await self._decide_channel(interaction, channel.id, ChannelRule.ALLOWED)

    @channels.command(description="Keep me out of a channel")
    @app_commands.describe(channel="Which channel")
    async def forbid(self, interaction: discord.Interaction, channel: discord.TextChannel) -> None:
        """Forbid a channel."""
        await self._decide_channel(interaction, channel.id, ChannelRule.FORBIDDEN)

    @channels.command(description="Remove a channel's rule")
    @app_commands.describe(channel="Which channel")
    async def clear(self, interaction: discord.Interaction, channel: discord.TextChannel) -> None:
        """Forget what was decided for a channel."""
        await acknowledge(interaction, private=True)
        entry = operator_of(interaction).entry("channels clear", Target.channel(channel.id))
        await self.services.moderation.take_back(entry, Topic.CHANNEL, str(channel.id))
        await self._list(interaction)

    @channels.command(name="list", description="List the channels with a rule")
    async def list_channels(self, interaction: discord.Interaction) -> None:
        """Show what was decided for channels."""
        await acknowledge(interaction, private=True)
        await self._list(interaction)

    @app_commands.command(description="Find jobs or a subject in this server")
    @app_commands.describe(job="A job's ID", member="All jobs of this member", subject="A subject's ID")
    async def find(
        self,
        interaction: discord.Interaction,
        job: JobId | None = None,
        member: discord.User | None = None,
        subject: JobId | None = None,
    ) -> None:
        """Find what was asked for in this server."""
        await acknowledge(interaction, private=True)
        target = admin.target_of(job_id=job, user_id=member.id if member else None, subject_id=subject)
        await show_found(interaction, target)

    @app_commands.command(description="Remove jobs or a subject, with messages and files; I count and ask first")
    @app_commands.describe(
        job="A job's ID",
        member="All jobs of this member here",
        subject="A subject's ID: removes it and everything made with it",
    )
    async def remove(
        self,
        interaction: discord.Interaction,
        job: JobId | None = None,
        member: discord.User | None = None,
        subject: JobId | None = None,
    ) -> None:
        """Say what would be removed for good, with messages and files, and ask for a reason."""
        target = admin.target_of(job_id=job, user_id=member.id if member else None, subject_id=subject)
        await ask_to_remove(interaction, Shown(target))

    @app_commands.command(description="Show the latest pictures that the picture checker withheld")
    async def withheld(self, interaction: discord.Interaction) -> None:
        """List the latest jobs with withheld pictures, each with a button to look at them."""
        await acknowledge(interaction, private=True)
        await show_withheld(interaction)

    @app_commands.command(description="Show what operators did recently")
    async def log(self, interaction: discord.Interaction) -> None:
        """Show the latest entries of the log."""
        await acknowledge(interaction, private=True)
        latest = await self.services.db.read(latest_entries, operator_of(interaction).guild_id, ENTRIES_SHOWN)
        await _say(interaction, log_text(latest))

    async def _decide_channel(self, interaction: discord.Interaction, channel_id: int, value: str) -> None:
        await acknowledge(interaction, private=True)
        entry = operator_of(interaction).entry(f"channels {value}", Target.channel(channel_id))
        await self.services.db.write(decide, entry, Topic.CHANNEL, str(channel_id), value)
        await self._list(interaction)

    async def _list(self, interaction: discord.Interaction) -> None:
        decided = await self.services.db.read(decisions_of, operator_of(interaction).guild_id, Topic.CHANNEL)
        await _say(interaction, channels_text(decided))


async def _say(interaction: discord.Interaction, text: str) -> None:
    await interaction.edit_original_response(content=text)
