"""Messages of ours: replies, notices, the files that they can carry, and taking back those that show jobs."""

import io
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.shared.discord.limits import NOTICE, RateLimits
from bot.shared.errors import Refused
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


async def reply(message: discord.Message, **said: Any) -> None:
    """Reply to a message, once however often its event comes; where that is not possible, it is only noted."""
    reference = message.to_reference(fail_if_not_exists=False)
    try:
        await message.channel.send(**said, nonce=str(message.id), reference=reference)
    except discord.HTTPException as failure:
        log.warning("could not reply to message %d: %s", message.id, failure)


async def tell(client: discord.Client, limits: RateLimits, user_id: int, text: str, *, once: str) -> None:
    """Write to a member what somebody else did for them, if they take direct messages and do not get too many.

    Args:
        client: writes it.
        limits: how often a member is written to.
        user_id: the member.
        text: what to say.
        once: what it is about, in at most 25 characters; for a while, the platform takes a second one for the first.
    """
    try:
        limits.take(NOTICE, user_id)
        dm = await client.create_dm(discord.Object(user_id))
        await dm.send(text, nonce=once)
    except (discord.HTTPException, aiohttp.ClientError, OSError, app_commands.CommandOnCooldown) as reason:
        log.info("member %d was not told: %s", user_id, reason)  # what was done for them is done


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


def last_block(message: discord.Message | None) -> str:
    """Return what somebody typed, as the last block of a message of ours shows it.

    Raises:
        Refused: there is none.
    """
    for one in reversed(message.components if message else []):
        if isinstance(one, discord.TextDisplay):
            return one.content.removeprefix("```\n").removesuffix("\n```").strip()
    raise Refused("I no longer have what you typed. Please type it again.")
