"""Pictures as discord.py sends them."""

import io
from collections.abc import Iterable

import discord

from bot.shared.files.pictures import Picture

DEFAULT_LIMIT_BYTES = 10 * 1024 * 1024  # a message in a server without boosts, and direct messages


def discord_files(pictures: Iterable[Picture]) -> list[discord.File]:
    """Wrap pictures for one request; they are used up by it."""
    return [discord.File(io.BytesIO(one.content), filename=one.name, description=one.alt or None) for one in pictures]


class UploadLimits:
    """The largest file that each server takes: as its latest interaction said, else by its boosts."""

    def __init__(self) -> None:
        self._said: dict[int | None, int] = {}

    def note(self, interaction: discord.Interaction) -> None:
        """Remember what an interaction says; `filesize_limit` also knows what the library's guild object does not."""
        self._said[interaction.guild_id] = interaction.filesize_limit

    def limit_bytes(self, client: discord.Client, guild_id: int | None) -> int:
        """Return the limit for one file."""
        if guild_id in self._said:
            return self._said[guild_id]
        guild = client.get_guild(guild_id) if guild_id else None
        return guild.filesize_limit if guild else DEFAULT_LIMIT_BYTES
