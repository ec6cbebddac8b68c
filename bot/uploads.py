"""Pictures as discord.py sends them."""

import io
from collections.abc import Iterable

import discord

from bot.services.pictures import Picture

DEFAULT_LIMIT_BYTES = 10 * 1024 * 1024  # a message in a server without boosts, and direct messages


def discord_files(pictures: Iterable[Picture]) -> list[discord.File]:
    """Wrap pictures for one request; they are used up by it."""
    return [discord.File(io.BytesIO(one.content), filename=one.name, description=one.alt or None) for one in pictures]


def limit_bytes(guild: discord.Guild | None) -> int:
    """Return the largest file that a message may have there."""
    return guild.filesize_limit if guild else DEFAULT_LIMIT_BYTES
