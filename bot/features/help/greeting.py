"""An answer to those who write to the bot, or mention it: what it can do."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import discord
from discord import app_commands, ui

from bot.features.help.cards import greeting_card
from bot.features.help.pictures import strip_of
from bot.features.help.topics import START
from bot.shared.discord.calls import about_picture, calls
from bot.shared.discord.commands import mention_of
from bot.shared.discord.interactions import context_of_message
from bot.shared.discord.limits import GREETING, RateLimits
from bot.shared.discord.messages import discord_files, reply
from bot.shared.files.pictures import Picture
from bot.shared.services import Services

log = logging.getLogger(__name__)

Examples = Sequence[ui.Item[Any]]  # buttons that draw something at once


async def greet(
    client: discord.Client,
    services: Services,
    limits: RateLimits,
    message: discord.Message,
    examples: Callable[[], Examples],
) -> None:
    """Say what the bot can do to somebody who asked it, where it may be used by them and not too often.

    Args:
        client: whose name may be called.
        services: the stores, the catalogue and the rules.
        limits: how often members may do what.
        message: what they said.
        examples: makes the buttons that draw something at once.
    """
    if not calls(client, message) or about_picture(message):
        return
    try:
        limits.take(GREETING, message.author.id)
        policy = (await context_of_message(client, message)).policy
        if policy.banned or not policy.channel_open:
            return  # nobody is told so for a word in passing; a command does
        view, picture = await _greeting(client, services, examples(), in_guild=message.guild is not None)
        await reply(message, view=view, files=discord_files(picture))
    except app_commands.CommandOnCooldown:
        return  # they have been answered just now
    except Exception:  # discord.py only logs what a listener raises, with all that it knows of the message
        log.exception("message %d could not be answered", message.id)


async def _greeting(
    client: discord.Client, services: Services, examples: Examples, *, in_guild: bool
) -> tuple[ui.LayoutView, list[Picture]]:
    """Return the card, and its picture, where that shows what the examples are: those of a small model."""
    small = services.catalogue.images[0].name in services.catalogue.vocabularies
    picture = await strip_of(START) if small else None
    card = greeting_card(mention_of(client), in_guild=in_guild, examples=examples, picture=picture)
    return card, [picture] if picture else []
