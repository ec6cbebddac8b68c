"""Permissions: Discord's bits, and who has which.

https://discord.com/developers/docs/topics/permissions
"""

from enum import IntFlag

from bot.sandbox.state.world import Channel, Guild


class Permission(IntFlag):
    """The bits that the sandbox looks at."""

    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38
    SEND_VOICE_MESSAGES = 1 << 46


ALL = (1 << 53) - 1
MEMBER = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_VOICE_MESSAGES
)
DIRECT_MESSAGES = MEMBER


def guild_permissions(guild: Guild, user_id: str) -> int:
    """Return the permission bits of a user in a guild, from their roles; 0 if they are not a member."""
    if user_id not in guild.members:
        return 0
    if user_id == guild.owner_id:
        return ALL
    bits = guild.roles[guild.id].permissions
    for role_id in guild.members[user_id].roles:
        bits |= guild.roles[role_id].permissions
    return ALL if bits & Permission.ADMINISTRATOR else bits


def channel_permissions(channel: Channel, guild: Guild | None, user_id: str) -> int:
    """Return the permission bits of a user in a channel, less what is denied to them there.

    Args:
        channel: the channel.
        guild: its guild; None for direct messages.
        user_id: the user.
    """
    bits = guild_permissions(guild, user_id) if guild else int(DIRECT_MESSAGES)
    return bits & ~channel.denied.get(user_id, 0)


def is_operator(guild: Guild, user_id: str) -> bool:
    """Tell whether a user may manage the guild."""
    return bool(guild_permissions(guild, user_id) & Permission.MANAGE_GUILD)
