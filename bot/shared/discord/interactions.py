"""Around an interaction, or a message: acknowledge it, resolve who asks and where, once, as it comes in."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import discord
from discord import app_commands

from bot.shared.discord.explain import ALREADY_ACKNOWLEDGED, PRIVATE
from bot.shared.discord.limits import RateLimits
from bot.shared.errors import NotAcknowledged
from bot.shared.orders.asker import read_asker
from bot.shared.orders.order_request import RequestContext
from bot.shared.policy import Operator
from bot.shared.services import Services
from bot.shared.tiers import Terms
from db.errors import StoreBusy
from inference.checks import PlaceKind, place_kind

log = logging.getLogger(__name__)

IN_TIME_S = 2.0  # of the three seconds that the platform waits for a first answer
UNKNOWN_MESSAGE = 10008  # what the platform says of one that is gone
ANSWER_ID = "answer_id"  # in an interaction's extras: the message that will hold its answer


def services_of(interaction: discord.Interaction) -> Services:
    """Return the services that the client was built with."""
    return cast(Services, interaction.client.services)  # type: ignore[attr-defined]


def limits_of(interaction: discord.Interaction) -> RateLimits:
    """Return how often members may do what."""
    return cast(RateLimits, interaction.client.limits)  # type: ignore[attr-defined]


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
        if update and error.code == UNKNOWN_MESSAGE:  # pressed twice, and the first press has removed the message
            await acknowledge(interaction, private=True)
            return
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


def home_guild_ids(client: discord.Client) -> frozenset[int]:
    """Return those of the bot's servers that are at home: their operators decide about what belongs to no server."""
    services = cast(Services, client.services)  # type: ignore[attr-defined]
    homes = services.moderation.home_guilds(only_guild_id(client))
    return homes & {guild.id for guild in client.guilds}


def is_age_restricted(channel: object) -> bool:
    """Tell whether a channel is age-restricted; direct messages are not."""
    is_nsfw = getattr(channel, "is_nsfw", None)  # direct messages have none
    return bool(is_nsfw()) if is_nsfw else False


def place_of(channel: object, guild_id: int | None) -> PlaceKind:
    """Return what kind of place a channel of a server, or a direct message, is now."""
    return place_kind(guild_id, age_restricted=is_age_restricted(channel))


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


async def context_of(interaction: discord.Interaction, *, private: bool) -> RequestContext:
    """Resolve who asks by an interaction, where, and what counts for them there.

    Args:
        interaction: what is answered.
        private: only they will see the result.

    Raises:
        NotAcknowledged: the interaction has no channel, so nothing could be shown.
    """
    context = await _context_of(interaction, private)
    return replace(context, message_id=interaction.extras.get(ANSWER_ID))


async def acknowledged_context(interaction: discord.Interaction, *, private: bool) -> RequestContext:
    """Acknowledge an interaction, and resolve meanwhile what `context_of` does.

    Args:
        interaction: what is answered.
        private: only the one who asked will see the answer, and the result.

    Raises:
        NotAcknowledged: it is too late, or there is no channel. Nothing may be charged then.
    """
    _, context = await asyncio.gather(  # in this order: who asked waits for the first
        acknowledge(interaction, private=private), _context_of(interaction, private)
    )
    return replace(context, message_id=interaction.extras.get(ANSWER_ID))


async def _context_of(interaction: discord.Interaction, private: bool) -> RequestContext:
    if interaction.channel is None:
        raise NotAcknowledged
    return await _resolve(
        interaction.client, interaction.user, interaction.guild_id, interaction.channel, interaction, private=private
    )


async def context_of_message(
    client: discord.Client, message: discord.Message, *, called: bool = False
) -> RequestContext:
    """Resolve the same for somebody who says something.

    The message's own id stands for the interaction's, so that an event that comes twice is one job.

    Args:
        client: knows the servers.
        message: what they said.
        called: it calls the bot, so that its answer may be a question.
    """
    guild_id = message.guild.id if message.guild else None
    return replace(await _resolve(client, message.author, guild_id, message.channel, message), called=called)


async def _resolve(
    client: discord.Client,
    user: discord.Member | discord.User,
    guild_id: int | None,
    channel: Any,
    event: discord.Interaction | discord.Message,
    *,
    private: bool = False,
) -> RequestContext:
    services = cast(Services, client.services)  # type: ignore[attr-defined]
    here, only, roles = channel_ids(channel), only_guild_id(client), roles_of(user)
    asker = await services.db.read(
        read_asker,
        services.moderation,
        user.id,
        guild_id=guild_id,
        role_ids=roles,
        channel_ids=here,
        only_guild_id=only,
    )
    return RequestContext(
        interaction_id=event.id,
        interaction_token="" if isinstance(event, discord.Message) else event.token,
        user_id=user.id,
        guild_id=guild_id,
        channel_id=channel.id,
        private=private,
        terms=terms_of(services, user, guild_id),
        policy=replace(asker.policy, allowed_channels=_seen_by(user, asker.policy.allowed_channels)),
        pace=asker.pace,
        subjects=asker.subjects,
        plain_words=asker.plain_words,
        suffix=asker.suffix,
        role_ids=roles,
        age_restricted=is_age_restricted(channel),
        channel_ids=frozenset(here),
        only_guild_id=only,
    )


def _seen_by(user: discord.Member | discord.User, ids: Iterable[int]) -> tuple[int, ...]:
    """Return those of a server's channels that are still there and that a member sees."""
    if not isinstance(user, discord.Member):
        return ()
    channels = map(user.guild.get_channel, ids)
    return tuple(one.id for one in channels if one is not None and one.permissions_for(user).view_channel)


def channel_ids(channel: Any) -> set[int]:
    """Return a channel's id, and of a thread its channel's as well: what counts there counts in the thread."""
    return {channel.id, getattr(channel, "parent_id", None) or channel.id}
