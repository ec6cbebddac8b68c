"""From an interaction, or a message, to the context of what is asked for by it: resolved once, as it comes in."""

from typing import Any

import discord

from bot.shared.discord.interactions import ANSWER_ID, is_age_restricted, only_guild_id, roles_of, studio_of, terms_of
from bot.shared.errors import NotAcknowledged
from bot.shared.orders.context import RequestContext
from bot.shared.services import Studio


async def context_of(interaction: discord.Interaction, *, private: bool) -> RequestContext:
    """Resolve who asks by an interaction, where, and what counts for them there.

    Args:
        private: only they will see the result.

    Raises:
        NotAcknowledged: the interaction has no channel, so nothing could be shown.
    """
    if interaction.channel is None:
        raise NotAcknowledged
    asked: dict[str, Any] = {
        "interaction_id": interaction.id,
        "interaction_token": interaction.token,
        "private": private,
    }
    asked["message_id"] = interaction.extras.get(ANSWER_ID)
    who = (interaction.client, interaction.user, interaction.channel, interaction.guild_id)
    return await _resolve(studio_of(interaction), *who, **asked)


async def context_of_message(client: discord.Client, studio: Studio, message: discord.Message) -> RequestContext:
    """Resolve the same for somebody who says something.

    The message's own id stands for the interaction's, so that an event that comes twice is one job.
    """
    guild_id = message.guild.id if message.guild else None
    asked: dict[str, Any] = {"interaction_id": message.id, "interaction_token": "", "private": False}
    return await _resolve(studio, client, message.author, message.channel, guild_id, **asked)


async def _resolve(
    studio: Studio,
    client: discord.Client,
    user: discord.Member | discord.User,
    channel: Any,
    guild_id: int | None,
    **asked: Any,
) -> RequestContext:
    policy = await studio.house.standing(
        user.id, guild_id=guild_id, channel_ids=channel_ids(channel), only_guild_id=only_guild_id(client)
    )
    return RequestContext(
        user_id=user.id,
        guild_id=guild_id,
        channel_id=channel.id,
        terms=terms_of(studio, user, guild_id),
        policy=policy,
        role_ids=roles_of(user),
        age_restricted=is_age_restricted(channel),
        **asked,
    )


def channel_ids(channel: Any) -> set[int]:
    """Return a channel's id, and of a thread its channel's as well: what counts there counts in the thread."""
    return {channel.id, getattr(channel, "parent_id", None) or channel.id}
