"""Around an interaction: acknowledge it, find the services of the client, tell who may press."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import discord
from discord import app_commands

from bot.shared.discord.explain import ALREADY_ACKNOWLEDGED, PRIVATE
from bot.shared.discord.forms import OpenForms
from bot.shared.discord.limits import Limits
from bot.shared.errors import NotAcknowledged, NotYours
from bot.shared.operators import Operator
from bot.shared.services import Services
from bot.shared.tiers import Terms
from db.errors import StoreBusy
from db.moderation.audit_log import log_entry
from db.moderation.targets import Target, TargetKind
from db.queue.job import Job

log = logging.getLogger(__name__)

IN_TIME_S = 2.0  # of the three seconds that the platform waits for a first answer
ANSWER_ID = "answer_id"  # in an interaction's extras: the message that will hold its answer


def services_of(interaction: discord.Interaction) -> Services:
    """Return the services that the client was built with."""
    return cast(Services, interaction.client.services)  # type: ignore[attr-defined]


def limits_of(interaction: discord.Interaction) -> Limits:
    """Return how often members may do what."""
    return cast(Limits, interaction.client.limits)  # type: ignore[attr-defined]


def forms_of(interaction: discord.Interaction) -> OpenForms:
    """Return the forms that are open."""
    return cast(OpenForms, interaction.client.forms)  # type: ignore[attr-defined]


async def acknowledge(interaction: discord.Interaction, *, private: bool = False, update: bool = False) -> None:
    """Answer within the three seconds; what is said comes later.

    Args:
        interaction: what is answered.
        private: only the one who asked will see the answer. It cannot be changed later.
        update: the answer is an edit of the message whose button was pressed, not a new message.

    Raises:
        NotAcknowledged: it is too late. Nothing may be charged then.
    """
    interaction.extras[PRIVATE] = private
    try:
        receipt = await interaction.response.defer(ephemeral=private, thinking=not update)
    except discord.NotFound as error:
        raise NotAcknowledged from error
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
        log.info("interaction %d was acknowledged before", interaction.id)
    else:
        interaction.extras[ANSWER_ID] = receipt.message_id if receipt and not update else None


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Do what comes before a form, which cannot be deferred, within the three seconds.

    Raises:
        StoreBusy: it took too long; that is said while it can still be.
    """
    try:
        async with asyncio.timeout(IN_TIME_S):
            yield
    except TimeoutError as error:
        raise StoreBusy from error


def seen_privately(interaction: discord.Interaction) -> bool:
    """Tell whether the message that was pressed is shown to one member alone."""
    return interaction.message is not None and interaction.message.flags.ephemeral


def terms_of(services: Services, user: discord.Member | discord.User, guild_id: int | None) -> Terms:
    """Return what somebody's tiers entitle them to in a server, or in direct messages."""
    return services.rules.tiers.terms(guild_id, roles_of(user))


def roles_of(user: discord.Member | discord.User) -> frozenset[int]:
    """Return the ids of somebody's roles; nobody has any in direct messages."""
    return frozenset(role.id for role in getattr(user, "roles", ()))


def only_guild_id(client: discord.Client) -> int | None:
    """Return the server that the bot is in; None: it is in several, or in none."""
    return client.guilds[0].id if len(client.guilds) == 1 else None


def is_age_restricted(channel: object) -> bool:
    """Tell whether a channel is age-restricted; direct messages are not."""
    is_nsfw = getattr(channel, "is_nsfw", None)  # direct messages have none
    return bool(is_nsfw()) if is_nsfw else False


def is_operator(interaction: discord.Interaction) -> bool:
    """Tell whether the member may manage the server in which this happens."""
    return interaction.guild_id is not None and interaction.permissions.manage_guild


def operator_of(interaction: discord.Interaction) -> Operator:
    """Say who acts as an operator, and for which server.

    Raises:
        CheckFailure: they may not manage it.
    """
    if interaction.guild_id is None or not is_operator(interaction):
        raise app_commands.CheckFailure
    return Operator(
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        only_guild=only_guild_id(interaction.client) == interaction.guild_id,
    )


async def admit(interaction: discord.Interaction, job: Job, what: str) -> None:
    """Let the job's owner pass, whose voice is heard in it, and operators of the server in which it was asked for.

    Args:
        interaction: what is answered.
        job: what they want to do something with.
        what: they want to do; if they may because they are an operator, it is noted.

    Raises:
        NotYours: it is somebody else.
    """
    if interaction.user.id in (job.user_id, job.request.get("speaker_id")):
        return
    if not (is_operator(interaction) and interaction.guild_id == job.guild_id):
        raise NotYours
    entry = operator_of(interaction).entry(f"press {what}", Target(TargetKind.JOB, job.id))
    await services_of(interaction).db.write(log_entry, entry)
