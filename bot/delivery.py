"""Bringing a job to its people: live edits of the card, and the ladder for what it made.

    token     edit the answer to the command, while its token lives (15 minutes)
    message   edit the same message as the bot's own
    channel   post in the channel, telling its requester; found again or refused by its nonce if it was posted before
    dm        write to the requester
    kept      nothing worked: the result stays in /history

A private result takes only `token` and `dm`. A rung that the platform refuses leads to the next one; a platform that
does not answer leads to another try later. Edits may be repeated, and posts are looked for first, so a crash between
showing a result and noting it down shows it once.
"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, cast

import discord

from bot.cards.job import Shown, job_card
from bot.services.results import fitting_pictures, read_film, read_preview
from bot.services.studio import Studio
from bot.services.subjects import film_steps, finish_training
from bot.uploads import UploadLimits, discord_files
from db.jobs import Job, State
from inference.requests import Kind

log = logging.getLogger(__name__)

LOOKED_BACK = 50  # messages among which a result is looked for before it is posted
NONCE_MAX = 25  # characters, of the platform
TOO_LARGE = 413
SMALLEST_BYTES = 4096  # files that are this small are not what is too large


class Rung(StrEnum):
    """The ways to bring a result, in the order in which they are tried."""

    TOKEN = "token"  # noqa: S105 (a name, not a secret)
    MESSAGE = "message"
    CHANNEL = "channel"
    DM = "dm"
    KEPT = "kept"


class RungBroken(Exception):
    """This way is closed; try the next one."""


def rungs(job: Job, now: dt.datetime) -> list[Rung]:
    """Return the ways that make sense for a job, best first."""
    ways = [Rung.TOKEN] if now < job.token_expires_at else []
    if job.message_id is not None and not job.private:
        ways.append(Rung.MESSAGE)
    if not job.final or job.state is State.CANCELLED:
        return ways  # neither progress nor 'cancelled' is worth a message of its own
    if not job.private:
        ways.append(Rung.CHANNEL)
    return [*ways, Rung.DM]


class Delivery:
    """Show jobs on Discord."""

    def __init__(self, client: discord.Client, studio: Studio, limits: UploadLimits) -> None:
        self._client = client
        self._studio = studio
        self._limits = limits

    async def update(self, job: Job) -> bool:
        """Edit a live job's card; return False when it cannot be edited any more.

        Raises:
            discord.HTTPException, OSError: the platform did not answer; the next update may do better.
        """
        shown = await self._shown(job, self._limits.limit_bytes(self._client, job.guild_id))
        return await self._climb(job, shown) is not None

    async def deliver(self, job: Job) -> None:
        """Show an ended job by the first way that works, and note that it was shown.

        Raises:
            discord.HTTPException, OSError: the platform did not answer; nothing was noted, try again later.
        """
        fresh = await self._studio.jobs.get(job.id)
        if fresh is None or fresh.delivered_at is not None:
            return
        await finish_training(self._studio, fresh)
        rung, message_id = await self._climb_smaller(fresh) or (Rung.KEPT, None)
        await self._studio.jobs.delivered(fresh.id, message_id=message_id, how=rung)
        log.info("job %s was delivered: %s", fresh.id, rung)

    async def _climb_smaller(self, job: Job) -> tuple[Rung, int] | None:
        """Climb with files that the platform should take, and with smaller ones as often as it finds them too large."""
        limit = self._limits.limit_bytes(self._client, job.guild_id)
        while True:
            shown = await self._shown(job, limit)
            try:
                return await self._climb(job, shown)
            except discord.HTTPException as error:
                largest = max((len(file.content) for file in shown.files), default=0)
                if error.status != TOO_LARGE or largest < SMALLEST_BYTES:
                    raise
                limit = largest // 2
                log.warning("job %s is too large to send; making its files smaller than %d bytes", job.id, limit)

    async def _shown(self, job: Job, limit: int) -> Shown:
        if job.kind == Kind.TRAIN and job.state in (State.RUNNING, State.DONE):
            film = await read_film(self._studio, job, limit)
            return Shown(pictures=film, steps=tuple(await film_steps(self._studio, job)))
        if job.state is State.DONE:
            return Shown(pictures=await fitting_pictures(self._studio, job, limit))
        if job.state is State.RUNNING:
            return Shown(preview=await read_preview(self._studio, job))
        if job.state is State.QUEUED:
            place = await self._studio.jobs.place(job.id)
            return Shown(place=place, wait_s=self._studio.forecast.wait_s(job.kind, place))
        return Shown()

    async def _climb(self, job: Job, shown: Shown) -> tuple[Rung, int] | None:
        """Try the ways in order; return the one that worked, and the message."""
        for rung in rungs(job, dt.datetime.now(dt.UTC)):
            try:
                message_id = await self._try(rung, job, shown)
            except RungBroken as broken:
                log.info("job %s cannot be shown by %s: %s", job.id, rung, broken)
                continue
            if job.message_id is None and not job.final:  # noting an end notes the message as well
                await self._studio.jobs.set_message(job.id, message_id)
            return rung, message_id
        return None

    async def _try(self, rung: Rung, job: Job, shown: Shown) -> int:
        try:
            match rung:
                case Rung.TOKEN:
                    return await self._edit_answer(job, shown)
                case Rung.MESSAGE:
                    return await self._edit_message(job, shown)
                case Rung.CHANNEL:
                    channel = self._client.get_partial_messageable(job.channel_id)
                    return await self._post(channel, job, shown)
                case _:
                    dm = await self._client.create_dm(discord.Object(job.user_id))
                    return await self._post(dm, job, shown)
        except discord.HTTPException as error:
            if 400 <= error.status < 500 and error.status not in (TOO_LARGE, 429):
                raise RungBroken(f"{error.status} (error code {error.code})") from error
            raise

    async def _edit_answer(self, job: Job, shown: Shown) -> int:
        application_id = cast(int, self._client.application_id)
        webhook = discord.Webhook.partial(application_id, job.interaction_token, client=self._client)
        message = await webhook.edit_message(
            cast(int, job.message_id or "@original"),
            view=job_card(job, shown),
            attachments=discord_files(shown.files),
        )
        return message.id

    async def _edit_message(self, job: Job, shown: Shown) -> int:
        channel = self._client.get_partial_messageable(job.channel_id)
        message = channel.get_partial_message(cast(int, job.message_id))
        await message.edit(view=job_card(job, shown), attachments=discord_files(shown.files))
        return message.id

    async def _post(self, channel: discord.abc.Messageable, job: Job, shown: Shown) -> int:
        if (earlier := await self._find(channel, job)) is not None:
            return earlier
        told = dataclasses.replace(shown, mention=True)
        message = await channel.send(
            view=job_card(job, told),
            files=discord_files(told.files),
            nonce=job.id[-NONCE_MAX:],
            allowed_mentions=discord.AllowedMentions(users=[discord.Object(job.user_id)]),
        )
        return message.id

    async def _find(self, channel: discord.abc.Messageable, job: Job) -> int | None:
        """Look for the result among the latest messages: the platform forgets a nonce within minutes."""
        me = self._client.application_id
        try:
            async for message in channel.history(limit=LOOKED_BACK):
                if message.author.id == me and message.id != job.message_id and _carries(message.components, job.id):
                    return message.id
        except (discord.Forbidden, discord.NotFound):
            return None  # may not read there; posting will tell whether it may write
        return None


def _carries(components: Sequence[Any], job_id: str) -> bool:
    """Tell whether a button below carries the job's id."""
    return any(
        job_id in (getattr(one, "custom_id", None) or "") or _carries(getattr(one, "children", ()), job_id)
        for one in components
    )
