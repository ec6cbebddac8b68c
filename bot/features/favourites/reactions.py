"""Reactions to the cards of jobs: an envelope sends the result, a star keeps it, a cross cancels or deletes it.

Everybody who sees a card may have it sent and keep it; only its owner cancels and deletes. A reaction is no
interaction, so what goes wrong is told by direct message.
"""

import contextlib
import logging
from dataclasses import replace
from enum import Enum

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.favourites.cards import message_link, sent_card
from bot.shared.cards.job_kind import JobKinds, fit_for_place
from bot.shared.discord.interactions import channel_ids, only_guild_id
from bot.shared.discord.limits import CROSS, ENVELOPE, STAR, RateLimits
from bot.shared.discord.messages import DEFAULT_LIMIT_BYTES, discord_files, tell
from bot.shared.errors import JobGone, Refused
from bot.shared.policy import check_place
from bot.shared.results import forget_results
from bot.shared.services import Services
from db.errors import StoreError
from db.people.favourites import add_favourite, remove_favourite
from db.queue.finding import job_of_message
from db.queue.job import Job, State
from inference.checks import PlaceKind
from inference.requests import Kind

log = logging.getLogger(__name__)

TOO_QUICK = "Those were many reactions at once. Please try again in a minute."
NOT_YET = "That isn't finished yet. React with an envelope again when it is."
A_SUBJECT = "What was trained is a subject now. `/subjects` lets you delete it."
NO_RESULT = "There is nothing to send: that job gave no result."


class Act(Enum):
    """What a reaction asks for; the value is its entry in the table of limits."""

    SEND = ENVELOPE
    KEEP = STAR
    STOP = CROSS


ACTS = {
    **dict.fromkeys("✉📩📨📧", Act.SEND),
    **dict.fromkeys("⭐🌟", Act.KEEP),
    **dict.fromkeys("❌✖", Act.STOP),
}


def act_of(emoji: discord.PartialEmoji) -> Act | None:
    """Return what an emoji asks for, with or without the mark that makes it colourful; None: nothing."""
    return ACTS.get((emoji.name or "").removesuffix("\ufe0f")) if emoji.id is None else None


class Reactions(commands.Cog):
    """Do what reactions ask for."""

    def __init__(self, client: discord.Client, services: Services, kinds: JobKinds, limits: RateLimits) -> None:
        self._client = client
        self._services = services
        self._kinds = kinds
        self._limits = limits

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Send, keep, cancel or delete."""
        await self._answer(payload, added=True)

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """Keep something no more."""
        await self._answer(payload, added=False)

    async def _answer(self, payload: discord.RawReactionActionEvent, *, added: bool) -> None:
        act, me = act_of(payload.emoji), self._client.user
        if act is None or me is None or payload.user_id == me.id or payload.message_author_id not in (None, me.id):
            return
        if not added and act is not Act.KEEP:
            return
        try:
            await self._act(act, payload, added=added)
        except app_commands.CommandOnCooldown:
            await self._tell(payload, TOO_QUICK)
        except (Refused, StoreError) as refused:
            await self._tell(payload, str(refused))
        except discord.Forbidden:
            log.info("member %d takes no direct messages", payload.user_id)
        except Exception:  # discord.py only logs what a listener raises, with all that it knows of the event
            log.exception("the reaction to message %d could not be answered", payload.message_id)

    async def _act(self, act: Act, payload: discord.RawReactionActionEvent, *, added: bool) -> None:
        job = await self._services.db.read(job_of_message, payload.message_id)
        if job is None or (job.private and job.user_id != payload.user_id):
            return
        theirs = payload.user_id in (job.user_id, job.request.get("speaker_id"))
        if act is Act.STOP and not theirs:
            return  # what somebody thinks of another's result
        self._limits.take(act.value, payload.user_id)
        match act:
            case Act.SEND:
                await self._send(job, payload)
            case Act.KEEP:
                change = add_favourite if added else remove_favourite
                await self._services.db.write(change, payload.user_id, job.id)
            case Act.STOP:
                await self._stop(job, payload)

    async def _send(self, job: Job, payload: discord.RawReactionActionEvent) -> None:
        """Send a result to whoever reacted, with its seeds and its id; only what may be seen in direct messages."""
        channel = self._client.get_channel(payload.channel_id)
        check_place(
            await self._services.moderation.policy(
                payload.user_id,
                guild_id=payload.guild_id,
                channel_ids=channel_ids(channel) if channel is not None else {payload.channel_id},
                only_guild_id=only_guild_id(self._client),
            )
        )
        if job.deleted:
            raise JobGone
        if job.state is not State.DONE:
            raise Refused(NO_RESULT if job.final else NOT_YET)
        kind = self._kinds[job.kind]
        content = await kind.content(self._services, job, DEFAULT_LIMIT_BYTES)
        content = fit_for_place(self._services, self._client, job, content, PlaceKind.DIRECT)
        dm = await self._client.create_dm(discord.Object(payload.user_id))
        where = message_link(payload.guild_id, payload.channel_id, payload.message_id)
        card = sent_card(replace(kind, rows=lambda job, content: []), job, content, where)
        await dm.send(view=card, files=discord_files(content.files), nonce=f"e{payload.message_id}")

    async def _stop(self, job: Job, payload: discord.RawReactionActionEvent) -> None:
        """Cancel a job, or delete its result with its message."""
        if not job.final:
            await self._services.jobs.cancel(job.id, by_user=payload.user_id)  # the card will say the rest
            return
        if job.kind == Kind.TRAIN:
            raise Refused(A_SUBJECT)
        await forget_results(self._services, job)
        channel = self._client.get_partial_messageable(payload.channel_id)
        with contextlib.suppress(discord.NotFound):  # somebody was quicker
            await channel.get_partial_message(payload.message_id).delete()

    async def _tell(self, payload: discord.RawReactionActionEvent, text: str) -> None:
        await tell(self._client, self._limits, payload.user_id, text, once=f"x{payload.message_id}")
