"""What a card shows of a job as it is now: read from the stores, made to fit the platform."""

from dataclasses import replace

import discord

from bot.shared.cards.content import CardContent
from bot.shared.cards.job_kind import JobKind
from bot.shared.discord.interactions import is_age_restricted
from bot.shared.policy import is_for_adults
from bot.shared.services import Services
from db.queue.fair_order.position import queue_position
from db.queue.job import Job, State


async def read_content(kind: JobKind, services: Services, job: Job, limit_bytes: int) -> CardContent:
    """Return what a job's card shows besides the job itself, no file of it larger than `limit_bytes`."""
    content = await kind.read(services, job, limit_bytes)
    if job.state is not State.QUEUED:
        return content
    place = await services.db.read(queue_position, job.id)
    return replace(content, place=place, wait_s=services.forecast.wait_s(job.kind, place))


def fit_for_all(services: Services, client: discord.Client, job: Job, content: CardContent) -> CardContent:
    """Return what may be shown of a job where everybody may look: no pictures from an age-restricted channel.

    A job of before the channel was noted counts as its channel does now.
    """
    if not content.gallery:
        return content
    restricted = is_for_adults(services, job) or is_age_restricted(client.get_channel(job.channel_id))
    return content.without_pictures() if restricted else content
