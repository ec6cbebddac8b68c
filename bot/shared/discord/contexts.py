"""From an interaction, or a message, to the context of what is asked for by it: resolved once, as it comes in."""

from typing import Any, cast

import discord

from bot.shared.discord.interactions import ANSWER_ID, is_age_restricted, only_guild_id, roles_of, terms_of
from bot.shared.errors import NotAcknowledged
from bot.shared.orders.context import RequestContext
from bot.shared.services import Services


async def context_of(interaction: discord.Interaction, *, private: bool) -> RequestContext:
    """Resolve who asks by an interaction, where, and what counts for them there.

    Args:
        interaction: what is answered.
        private: only they will see the result.

    Raises:
        NotAcknowledged: the interaction has no channel, so nothing could be shown.
    """
    if interaction.channel is None:
        raise NotAcknowledged
    client, user, guild_id = interaction.client, interaction.user, interaction.guild_id
    answer_id = interaction.extras.get(ANSWER_ID)
    return await _resolve(
        client, user, guild_id, interaction.channel, interaction, private=private, answer_id=answer_id
    )


async def context_of_message(client: discord.Client, message: discord.Message) -> RequestContext:
    """Resolve the same for somebody who says something.

    The message's own id stands for the interaction's, so that an event that comes twice is one job.
    """
    return await _resolve(client, message.author, message.guild.id if message.guild else None, message.channel, message)


async def _resolve(
    client: discord.Client,
    user: discord.Member | discord.User,
    guild_id: int | None,
    channel: Any,
    asked: discord.Interaction | discord.Message,
    *,
    private: bool = False,
    answer_id: int | None = None,
) -> RequestContext:
    services = cast(Services, client.services)  # type: ignore[attr-defined]
    here, only = channel_ids(channel), only_guild_id(client)
    policy = await services.moderation.policy(user.id, guild_id=guild_id, channel_ids=here, only_guild_id=only)
    return RequestContext(
        interaction_id=asked.id,
        interaction_token=asked.token if isinstance(asked, discord.Interaction) else "",
        user_id=user.id,
        guild_id=guild_id,
        channel_id=channel.id,
        private=private,
        terms=terms_of(services, user, guild_id),
        policy=policy,
        role_ids=roles_of(user),
        age_restricted=is_age_restricted(channel),
        channel_ids=frozenset(here),
        only_guild_id=only,
        message_id=answer_id,
    )


def channel_ids(channel: Any) -> set[int]:
    """Return a channel's id, and of a thread its channel's as well: what counts there counts in the thread."""
    return {channel.id, getattr(channel, "parent_id", None) or channel.id}
