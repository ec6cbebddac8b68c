"""Clips as Discord brings them: on a message, with a command, or simply said in a direct message or a channel."""

import logging
from typing import Any

import discord
from discord import app_commands

from bot.features.voice.transcribe import ClipOrderRequest, has_opted_out
from bot.shared.cards.licence import licence_card
from bot.shared.discord.attachments import clip_in
from bot.shared.discord.explain import sentence
from bot.shared.discord.interactions import channel_ids, context_of_message
from bot.shared.discord.limits import MESSAGE, REFUSAL, RateLimits
from bot.shared.discord.messages import reply
from bot.shared.orders.order_request import LicenceQuote
from bot.shared.orders.quote import quote
from bot.shared.services import Services
from db.moderation.channels import is_transcribed

log = logging.getLogger(__name__)


async def listen(client: discord.Client, services: Services, limits: RateLimits, message: discord.Message) -> None:
    """Turn into text what somebody said to the bot, or in a channel where an operator wants that.

    In a channel nobody asked, so only voice messages count there, and what cannot be heard is passed over in silence.

    Args:
        client: resolves who says it, and where.
        services: the stores, the catalogue and the rules.
        limits: how often members may do what.
        message: what they said.
    """
    found = clip_in(message)
    if message.author.bot or found is None or not await _wanted(client, services, message):
        return
    attached, speaker_id = found
    try:
        limits.take(MESSAGE, message.author.id)
        context = await context_of_message(client, message)
        outcome = await quote(services, ClipOrderRequest(attached=attached, speaker_id=speaker_id), context)
        if isinstance(outcome, LicenceQuote):
            await _reply(limits, message, view=licence_card(outcome))
    except Exception as error:  # discord.py only logs what a listener raises
        await _explain(limits, message, error)


async def _wanted(client: discord.Client, services: Services, message: discord.Message) -> bool:
    if message.guild is None:
        return True
    # Without the intent, what mentions us can be read all the same, in channels that an operator chose before.
    if not client.intents.message_content or not message.flags.voice:
        return False
    if await has_opted_out(services, message.author.id):
        return False
    return await services.db.read(is_transcribed, *channel_ids(message.channel))


async def _explain(limits: RateLimits, message: discord.Message, error: Exception) -> None:
    text = sentence(error)
    if text is None:
        log.error("message %d could not be heard", message.id, exc_info=error)
        text = "Something went wrong on my side. Please try again in a moment."
    if message.guild is not None:
        log.info("message %d is not turned into text: %s", message.id, text)
    else:
        await _reply(limits, message, content=text)


async def _reply(limits: RateLimits, message: discord.Message, **said: Any) -> None:
    """Answer a clip in a direct message, as often as its member may be answered."""
    try:
        limits.take(REFUSAL, message.author.id)
    except app_commands.CommandOnCooldown:
        return  # they have been told just now
    await reply(message, **said)
