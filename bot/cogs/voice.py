"""Voice into text: the menu of a message, /transcribe, direct messages, and channels where all voice becomes text."""

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards.offer import show_if_asked
from bot.cogs.choices import language_choices
from bot.contexts import context_of
from bot.hearing import attached_of, clip_in, listen
from bot.interactions import acknowledge, operator_of
from bot.limits import Limits
from bot.services.languages import parse_language
from bot.services.voice import Hearing, opt_out, transcribe
from bot.shared.clips import NothingToHear
from bot.shared.errors import Refused
from bot.shared.studio import Studio


class NotHeard(Refused):
    """I do not hear channels here: whoever runs me has to set AUTO_TRANSCRIPTION first."""


class Voice(commands.Cog):
    """Turn what is said into text."""

    voice = app_commands.Group(name="voice", description="Your own voice messages")

    def __init__(self, client: discord.Client, studio: Studio, limits: Limits, *, hears_channels: bool) -> None:
        self._client = client
        self.studio = studio
        self._limits = limits
        self.hears_channels = hears_channels
        self.menu = app_commands.ContextMenu(name="Transcribe", callback=self.transcribe_message)

    async def transcribe_message(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Turn a message's voice, audio or video into text."""
        found = clip_in(message)
        if found is None:
            raise NothingToHear
        attached, speaker_id = found
        self.studio.clips.check(attached)  # said to the one who asked alone, as nothing was answered yet
        await acknowledge(interaction)
        context = await context_of(interaction, private=False)
        accepted = await transcribe(self.studio, attached, Hearing(), context, speaker_id=speaker_id)
        await show_if_asked(interaction, accepted)

    @app_commands.command()
    @app_commands.describe(
        file="A voice message, audio or video file",
        language="What is spoken in it, such as German; empty: find out",
        translate="Write it down in English",
        timestamps="With the time of each word",
        private="Only you see the text",
    )
    async def transcribe(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment,
        language: app_commands.Range[str, 1, 32] | None = None,
        translate: bool = False,
        timestamps: bool = False,
        private: bool = False,
    ) -> None:
        """Turn what is said in a file into text."""
        attached = attached_of(file)
        self.studio.clips.check(attached)
        code = parse_language(language) if language else None
        hearing = Hearing(language=code, translate=translate, timestamps=timestamps)
        await acknowledge(interaction, private=private)
        context = await context_of(interaction, private=private)
        accepted = await transcribe(self.studio, attached, hearing, context)
        await show_if_asked(interaction, accepted)

    @transcribe.autocomplete("language")
    async def _languages(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return language_choices(typed)

    @app_commands.command(name="transcribe-channel")
    @app_commands.describe(state="Whether voice messages in this channel become text without being asked for")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def transcribe_channel(self, interaction: discord.Interaction, state: Literal["on", "off"]) -> None:
        """Turn voice messages in this channel into text, or no longer."""
        on = state == "on"
        operator = operator_of(interaction)
        if on and not self.hears_channels:
            raise NotHeard
        await acknowledge(interaction, private=True)
        channel_id = (await context_of(interaction, private=True)).channel_id
        act = operator.act(f"transcribe-channel {state}", f"<#{channel_id}>")
        await self.studio.channels.set_transcribed(channel_id, act, on=on)
        await interaction.edit_original_response(content=ON if on else OFF)

    @voice.command()
    async def optout(self, interaction: discord.Interaction) -> None:
        """Nobody but you turns your voice messages into text."""
        await acknowledge(interaction, private=True)
        await opt_out(self.studio, interaction.user.id, out=True)
        await interaction.edit_original_response(content=OUT)

    @voice.command()
    async def optin(self, interaction: discord.Interaction) -> None:
        """Take /voice optout back."""
        await acknowledge(interaction, private=True)
        await opt_out(self.studio, interaction.user.id, out=False)
        await interaction.edit_original_response(content=IN)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Hear what is said to the bot, or in a channel that it is to hear."""
        await listen(self._client, self.studio, self._limits, message)


ON = (
    "From now on voice messages in this channel become text. Each costs the one who speaks, from their own credits, "
    "what `/transcribe` would; whoever does not want that says `/voice optout`."
)
OFF = "Voice messages in this channel stay as they are, unless somebody asks for their text."
OUT = "Nobody but you turns your voice messages into text any more. `/voice optin` takes that back."
IN = "Your voice messages may become text again: in channels where all do, and where others ask for it."
