"""Messages of ours: the files that they can carry, and taking back those that show jobs."""

import io
import logging
from collections.abc import Iterable, Sequence

import discord

from bot.shared.files.pictures import Picture
from db.queue.job import Job

log = logging.getLogger(__name__)

DEFAULT_LIMIT_BYTES = 10 * 1024 * 1024  # a message in a server without boosts, and direct messages


async def remove_messages(client: discord.Client, jobs: Sequence[Job]) -> int:
    """Delete the messages that show jobs, where the platform lets us; return how many that were.

    One that was delivered in a direct message is not found by its channel, and stays with its owner.
    """
    removed = 0
    for job in shown_by(jobs):
        assert job.message_id is not None
        channel = client.get_partial_messageable(job.channel_id)
        try:
            await channel.get_partial_message(job.message_id).delete()
            removed += 1
        except discord.HTTPException as error:
            log.info("the message of job %s stays: %d", job.id, error.status)
    return removed


def shown_by(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs that a message of ours shows to everybody in its channel."""
    return [job for job in jobs if job.message_id is not None and not job.private]


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
