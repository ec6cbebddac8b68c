"""From an interaction, or a message, to the context of what is asked for by it: resolved once, as it comes in."""

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
    studio, user, guild_id = studio_of(interaction), interaction.user, interaction.guild_id
    if interaction.channel_id is None:
        raise NotAcknowledged
    return RequestContext(
        interaction_id=interaction.id,
        interaction_token=interaction.token,
        user_id=user.id,
        guild_id=guild_id,
        channel_id=interaction.channel_id,
        private=private,
        terms=terms_of(studio, user, guild_id),
        policy=await studio.house.standing(
            user.id,
            guild_id=guild_id,
            channel_ids=channel_ids(interaction.channel_id, interaction.channel),
            only_guild_id=only_guild_id(interaction.client),
        ),
        role_ids=roles_of(user),
        age_restricted=is_age_restricted(interaction.channel),
        message_id=interaction.extras.get(ANSWER_ID),
    )


async def context_of_message(client: discord.Client, studio: Studio, message: discord.Message) -> RequestContext:
    """Resolve who says something, where, and what counts for them there.

    The message's own id stands for the interaction's, so that an event that comes twice is one job.
    """
    user, guild_id = message.author, message.guild.id if message.guild else None
    return RequestContext(
        interaction_id=message.id,
        interaction_token="",
        user_id=user.id,
        guild_id=guild_id,
        channel_id=message.channel.id,
        private=False,
        terms=terms_of(studio, user, guild_id),
        policy=await studio.house.standing(
            user.id,
            guild_id=guild_id,
            channel_ids=channel_ids(message.channel.id, message.channel),
            only_guild_id=only_guild_id(client),
        ),
        role_ids=roles_of(user),
        age_restricted=is_age_restricted(message.channel),
    )


def channel_ids(channel_id: int, channel: object) -> set[int]:
    """Return a channel's id, and of a thread its channel's as well: what counts there counts in the thread."""
    parent_id = getattr(channel, "parent_id", None)
    return {channel_id, parent_id} if parent_id else {channel_id}
