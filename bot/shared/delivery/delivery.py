"""Bringing a job to its people: live edits of the card, and its result by the first delivery method that works.

A method that the platform refuses leads to the next one; a platform that does not answer leads to another try later.
Edits may be repeated, and posts are looked for first, so a crash between showing a result and noting it down shows it
once. Pictures from an age-restricted channel are left out wherever a method leads to a place that is not (any more):
the card says that they are in /history.
"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any, cast

import discord
from discord import ui

from bot.shared.cards.job import job_card
from bot.shared.cards.job_kind import CardContent, JobKinds, fit_for_place
from bot.shared.delivery.edit_pauses import EDIT_EVERY_S, EditPauses
from bot.shared.delivery.methods import DeliveryMethod, by_message, delivery_methods, loses_card, overheard
from bot.shared.discord.interactions import is_age_restricted
from bot.shared.discord.messages import UploadLimits, discord_files
from bot.shared.results import forget_results
from bot.shared.services import Services
from db.queue.delivery import mark_delivered, set_message
from db.queue.fair_order.position import QueuePosition
from db.queue.finding import find_job
from db.queue.job import Job, State
from inference.checks import place_kind

log = logging.getLogger(__name__)

LAST_EDIT_S = 60.0  # before an answer's token expires: what is said then stays
LOOKED_BACK = 50  # messages among which a result is looked for before it is posted
Postable = discord.PartialMessageable | discord.DMChannel
NONCE_MAX = 25  # characters, of the platform
TOO_LARGE = 413
SMALLEST_BYTES = 4096  # files that are this small are not what is too large


class MethodRefused(Exception):
    """The platform refuses this method; try the next one."""

    def __init__(self, error: discord.HTTPException) -> None:
        super().__init__(f"{error.status} (error code {error.code})")
        self.for_good = error.status in (401, 404)  # the token is no longer known, or what it answers is gone


class Delivery:
    """Show jobs on Discord."""

    def __init__(
        self,
        client: discord.Client,
        services: Services,
        limits: UploadLimits,
        kinds: JobKinds,
        *,
        edit_every_s: float = EDIT_EVERY_S,
    ) -> None:
        """Show jobs as one client.

        Args:
            client: edits and posts.
            services: the stores, the catalogue and the rules.
            limits: how large files may be, in each server.
            kinds: what each kind of job shows.
            edit_every_s: the pause between two edits of one card.
        """
        self._client = client
        self._services = services
        self._limits = limits
        self._kinds = kinds
        self._pauses = EditPauses(edit_every_s)
        self._started_at = dt.datetime.now(dt.UTC)
        self._lost_tokens: set[str] = set()  # jobs whose answers the platform lets nobody edit any more
        self._looks: dict[str, tuple[int, QueuePosition | None]] = {}  # of live cards: what their latest edit was about

    async def update(self, job: Job) -> float | None:
        """Edit a live job's card, if it would look different.

        Returns:
            The seconds until it may be edited again; None when it cannot be edited any more.

        Raises:
            discord.HTTPException, OSError: the platform did not answer; the next update may do better.
        """
        if job.deleted:
            return None
        content = await self._read(job, self._limits.limit_bytes(self._client, job.guild_id))
        # What a card says at its last edit is true until the end, so that it is edited once.
        looks = (-1, None) if content.last_edit else (job.revision, content.place)
        if self._looks.get(job.id) == looks:
            return self._pauses.every_s
        shown = await self._show(job, content)
        if shown is None:
            return None
        self._looks[job.id] = looks
        return self._pauses.after(job.id, job.channel_id, shown[0])

    async def deliver(self, job: Job) -> None:
        """Show an ended job by the first method that works, and note that it was shown.

        Raises:
            discord.HTTPException, OSError: the platform did not answer; nothing was noted, try again later.
        """
        self._pauses.forget(job.id)
        fresh = await self._services.db.read(find_job, job.id)
        if fresh is None or fresh.delivered_at is not None:
            return
        if (finish := self._kinds[fresh.kind].finish) is not None:
            await finish(self._services, fresh)
        if fresh.deleted:
            await forget_results(self._services, fresh)
            return
        if overheard(fresh) and fresh.state is not State.DONE:
            method, message_id = await self._take_back(fresh)
        else:
            method, message_id = await self._show_smaller(fresh) or (DeliveryMethod.KEPT, None)
        await self._services.db.write(mark_delivered, fresh.id, message_id=message_id, how=method)
        self._looks.pop(fresh.id, None)
        self._lost_tokens.discard(fresh.id)
        log.info("job %s was delivered: %s", fresh.id, method)

    async def _read(self, job: Job, limit_bytes: int) -> CardContent:
        content = await self._kinds[job.kind].content(self._services, job, limit_bytes)
        interrupted = job.state is State.RUNNING and job.changed_at < self._started_at
        last_edit = loses_card(job, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=LAST_EDIT_S))
        return dataclasses.replace(content, interrupted=interrupted, last_edit=last_edit)

    def _card(self, job: Job, content: CardContent) -> ui.LayoutView:
        return job_card(self._kinds[job.kind], job, content)

    async def _take_back(self, job: Job) -> tuple[DeliveryMethod, None]:
        """Remove the card of a clip that gave no text, where nobody had asked for it."""
        channel = self._client.get_partial_messageable(job.channel_id)
        try:
            if message_id := job.message_id or await self._find(channel, job):
                await channel.get_partial_message(message_id).delete()
        except (discord.Forbidden, discord.NotFound):
            log.info("the card of job %s was gone already", job.id)
        return DeliveryMethod.KEPT, None

    async def _show_smaller(self, job: Job) -> tuple[DeliveryMethod, int] | None:
        """Show files that the platform should take, and smaller ones as often as it finds them too large."""
        limit = self._limits.limit_bytes(self._client, job.guild_id)
        while True:
            content = await self._read(job, limit)
            try:
                return await self._show(job, content)
            except discord.HTTPException as error:
                largest = max((len(file.content) for file in content.files), default=0)
                if error.status != TOO_LARGE or largest < SMALLEST_BYTES:
                    raise
                limit = largest // 2
                log.warning("job %s is too large to send; making its files smaller than %d bytes", job.id, limit)

    async def _show(self, job: Job, content: CardContent) -> tuple[DeliveryMethod, int] | None:
        """Try the methods in order; return the one that worked, and the message; None: none did."""
        for method in delivery_methods(job, dt.datetime.now(dt.UTC)):
            if method is DeliveryMethod.TOKEN and job.id in self._lost_tokens:
                continue  # too many refused requests would ban the bot's address
            try:
                message_id = await self._try(method, job, content)
            except MethodRefused as broken:
                log.info("job %s cannot be shown by %s: %s", job.id, method, broken)
                if method is DeliveryMethod.TOKEN and broken.for_good:
                    self._lost_tokens.add(job.id)
                continue
            if job.message_id is None and not job.final:  # noting an end notes the message as well
                await self._services.db.write(set_message, job.id, message_id)
            return method, message_id
        return None

    async def _try(self, method: DeliveryMethod, job: Job, content: CardContent) -> int:
        guild_id = None if method is DeliveryMethod.DM else job.guild_id
        place = place_kind(guild_id, age_restricted=await self._is_age_restricted(method, job))
        content = fit_for_place(self._services, self._client, job, content, place)
        try:
            match method:
                case DeliveryMethod.TOKEN:
                    return await self._edit_answer(job, content)
                case DeliveryMethod.MESSAGE:
                    return await self._edit_message(job, content)
                case DeliveryMethod.CHANNEL:
                    channel = self._client.get_partial_messageable(job.channel_id)
                    return await self._post(channel, job, content)
                case _:
                    dm = await self._client.create_dm(discord.Object(job.user_id))
                    return await self._post(dm, job, content)
        except discord.HTTPException as error:
            if 400 <= error.status < 500 and error.status not in (TOO_LARGE, 429):
                raise MethodRefused(error) from error
            raise

    async def _is_age_restricted(self, method: DeliveryMethod, job: Job) -> bool:
        """Tell whether a method leads to an age-restricted place, as it is now."""
        if method is DeliveryMethod.DM:
            return False
        channel = self._client.get_channel(job.channel_id)
        # A thread that the library does not know: the answer to the command stays there.
        if channel is None and method is DeliveryMethod.TOKEN:
            return job.age_restricted
        if channel is None and job.age_restricted:
            try:
                channel = await self._client.fetch_channel(job.channel_id)
            except discord.HTTPException:
                return False
        return is_age_restricted(channel)

    async def _edit_answer(self, job: Job, content: CardContent) -> int:
        application_id = cast(int, self._client.application_id)
        webhook = discord.Webhook.partial(application_id, job.interaction_token, client=self._client)
        message = await webhook.edit_message(
            cast(int, job.message_id or "@original"),
            view=self._card(job, content),
            attachments=discord_files(content.files),
        )
        return message.id

    async def _edit_message(self, job: Job, content: CardContent) -> int:
        channel = self._client.get_partial_messageable(job.channel_id)
        message = channel.get_partial_message(cast(int, job.message_id))
        await message.edit(view=self._card(job, content), attachments=discord_files(content.files))
        return message.id

    async def _post(self, channel: Postable, job: Job, content: CardContent) -> int:
        """Post the card, or bring up to date what was posted before a crash and not noted."""
        told = content if by_message(job) else dataclasses.replace(content, mention=True)
        view, files = self._card(job, told), discord_files(told.files)
        if (earlier := await self._find(channel, job)) is not None:
            await channel.get_partial_message(earlier).edit(view=view, attachments=files)
            return earlier
        whom = [] if by_message(job) else [discord.Object(job.user_id)]
        message = await channel.send(
            view=view,
            files=files,
            nonce=("r" if job.final else "c") + job.id[1 - NONCE_MAX :],  # one message however often it is posted
            reference=_message_of(job),
            allowed_mentions=discord.AllowedMentions(users=whom, everyone=False, roles=False, replied_user=False),
        )
        return message.id

    async def _find(self, channel: Postable, job: Job) -> int | None:
        """Look for the result among the latest messages: the platform forgets a nonce within minutes."""
        me = self._client.user.id if self._client.user else None  # an old application's own id is another
        try:
            async for message in channel.history(limit=LOOKED_BACK):
                if message.author.id == me and message.id != job.message_id and _carries(message.components, job.id):
                    return message.id
        except (discord.Forbidden, discord.NotFound):
            return None  # may not read there; posting will tell whether it may write
        return None


def _message_of(job: Job) -> Any:
    """Return what the card of a job that a message asked for replies to."""
    if not by_message(job):
        return None
    return discord.MessageReference(
        message_id=job.interaction_id, channel_id=job.channel_id, guild_id=job.guild_id, fail_if_not_exists=False
    )


def _carries(components: Sequence[Any], job_id: str) -> bool:
    """Tell whether a button below carries the job's id."""
    return any(
        job_id in (getattr(one, "custom_id", None) or "") or _carries(getattr(one, "children", ()), job_id)
        for one in components
    )
