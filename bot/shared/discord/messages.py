"""Taking back the messages that show jobs."""

import logging
from collections.abc import Sequence

import discord

from db.queue.job import Job

log = logging.getLogger(__name__)


async def remove_messages(client: discord.Client, jobs: Sequence[Job]) -> int:
    """Delete the messages that show jobs, where the platform lets us; return how many that were.

    One that was delivered in a direct message is not found by its channel, and stays with its owner.
    """
    removed = 0
    for job in jobs:
        if job.message_id is None or job.private:
            continue
        channel = client.get_partial_messageable(job.channel_id)
        try:
            await channel.get_partial_message(job.message_id).delete()
            removed += 1
        except discord.HTTPException as error:
            log.info("the message of job %s stays: %d", job.id, error.status)
    return removed
