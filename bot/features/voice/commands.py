"""Voice into text: the menu of a message, /transcribe, direct messages, and channels where all voice becomes text."""

import logging
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.voice.languages import language_choices, parse_language
from bot.features.voice.transcribe import OPTED_OUT, ClipOrderRequest, TranscribeOptions
from bot.features.voice.voice_messages import listen
from bot.shared.cards.asking import order
from bot.shared.discord.attachments import attached_of, clip_in
from bot.shared.discord.commands import for_operators, mention_of
from bot.shared.discord.interactions import acknowledge, context_of, operator_of
from bot.shared.discord.limits import RateLimits
from bot.shared.files.clips import NothingToHear
from bot.shared.services import Services
from db.moderation.channels import set_transcribed
from db.moderation.targets import Target
from db.people.members import set_preferences

log = logging.getLogger(__name__)


class Voice(commands.Cog):
    """Turn what is said into text."""

    voice = app_commands.Group(name="voice", description="Your own voice messages")

    def __init__(self, client: discord.Client, services: Services, limits: RateLimits) -> None:
        self._client = client
        self.services = services
        self._limits = limits
        self.menu = app_commands.ContextMenu(name="Transcribe", callback=self.transcribe_message)

    async def transcribe_message(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Turn a message's voice, audio or video into text."""
        found = clip_in(message)
        if found is None:
            raise NothingToHear
        attached, speaker_id = found
        self.services.clips.check(attached)  # said to the one who asked alone, as nothing was answered yet
        await acknowledge(interaction)
        await order(interaction, ClipOrderRequest(attached=attached, speaker_id=speaker_id), private=False)

    @app_commands.command(description="Transcribe a voice message, audio or video file")
    @app_commands.describe(
        file="A voice message, audio or video file",
        language="The spoken language, such as German; leave empty to detect it",
        translate="Translate it to English",
        timestamps="Add the time of each word",
        private="Only you can see the transcript",
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
        """Transcribe a file, as a card or after a question."""
        attached = attached_of(file)
        self.services.clips.check(attached)
        code = parse_language(language) if language else None
        options = TranscribeOptions(language=code, translate=translate, timestamps=timestamps)
        await acknowledge(interaction, private=private)
        await order(interaction, ClipOrderRequest(attached=attached, options=options), private=private)

    @transcribe.autocomplete("language")
    async def _languages(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return language_choices(typed)

    @app_commands.command(
        name="transcribe-channel", description="Operators: transcribe every voice message in this channel, or stop"
    )
    @app_commands.describe(state="Whether voice messages here are transcribed automatically")
    @for_operators
    async def transcribe_channel(self, interaction: discord.Interaction, state: Literal["on", "off"]) -> None:
        """Turn automatic transcription on or off for this channel."""
        on = state == "on"
        operator = operator_of(interaction)
        await acknowledge(interaction, private=True)
        channel_id = (await context_of(interaction, private=True)).channel_id
        entry = operator.entry(f"transcribe-channel {state}", Target.channel(channel_id))
        is_new = await self.services.db.write(set_transcribed, channel_id, entry, on=on)
        is_told = not (on and is_new) or await tell_channel(interaction, channel_id)
        text = (ON if on else OFF) + ("" if is_told else NOT_TOLD)
        await interaction.edit_original_response(content=text)

    @voice.command(description="Don't let others transcribe your voice messages")
    async def optout(self, interaction: discord.Interaction) -> None:
        """Note that others may not transcribe the member."""
        await acknowledge(interaction, private=True)
        await self.services.db.write(set_preferences, interaction.user.id, {OPTED_OUT: True})
        await interaction.edit_original_response(content=OUT)

    @voice.command(description="Let others transcribe your voice messages again")
    async def optin(self, interaction: discord.Interaction) -> None:
        """Take `optout` back."""
        await acknowledge(interaction, private=True)
        await self.services.db.write(set_preferences, interaction.user.id, {OPTED_OUT: None})
        await interaction.edit_original_response(content=IN)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Hear what is said to the bot, or in a channel that it is to hear."""
        await listen(self._client, self.services, self._limits, message)


async def tell_channel(interaction: discord.Interaction, channel_id: int) -> bool:
    """Tell the members of a channel that it becomes text, and how to stay out; return whether that was possible."""
    mention = mention_of(interaction.client)
    text = FROM_NOW_ON.format(transcribe=mention("transcribe"), optout=mention("voice optout"))
    try:
        await interaction.client.get_partial_messageable(channel_id).send(text, nonce=str(interaction.id))
    except discord.HTTPException as reason:
        log.info("channel %d was not told that it becomes text: %s", channel_id, reason)
        return False
    return True


FROM_NOW_ON = (
    "🎙️ From now on, I turn voice messages in this channel into text. Each one costs its speaker as many credits as "
    "{transcribe} would. Not yours? {optout} keeps yours out."
)
ON = (
    "Voice messages in this channel are now transcribed automatically. Each one costs its speaker as many credits as "
    "`/transcribe` would; `/voice optout` keeps yours out."
)
NOT_TOLD = " I can't post here, so please tell members yourself, or let me send messages in this channel."
OFF = "Voice messages in this channel are no longer transcribed automatically."
OUT = "Nobody but you can transcribe your voice messages now. `/voice optin` undoes this."
IN = "Others can transcribe your voice messages again, and so can channels with automatic transcription."
