"""Changing the scenery: roles, channels, permissions, limits. The bot is told as Discord would tell it."""

from bot.sandbox.bus import News
from bot.sandbox.errors import ApiError
from bot.sandbox.parts import Parts
from bot.sandbox.session import Intent
from bot.sandbox.world import Role


class Staging:
    """What tests and the machinery change about the world."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._world = parts.world

    def set_roles(self, guild_id: str, user_id: str, roles: list[str]) -> None:
        """Give a member these roles and no others."""
        guild = self._world.guild(guild_id)
        if user_id not in guild.members:
            raise ApiError("unknown_member")
        if unknown := [role for role in roles if role not in guild.roles]:
            raise ValueError(f"{guild.name} has no role {unknown[0]}")
        guild.members[user_id].roles = roles
        body = self._parts.payloads.member(guild, user_id) | {"guild_id": guild.id}
        self._parts.gateway.tell("GUILD_MEMBER_UPDATE", body, Intent.GUILD_MEMBERS)
        self._changed()

    def add_role(self, guild_id: str, name: str, *, permissions: int = 0, colour: int = 0) -> Role:
        """Make a role."""
        guild = self._world.guild(guild_id)
        role = Role(self._parts.snowflakes.next(), name, permissions, colour=colour, position=1)
        guild.roles[role.id] = role
        body = {"guild_id": guild.id, "role": self._parts.payloads.role(role)}
        self._parts.gateway.tell("GUILD_ROLE_CREATE", body, Intent.GUILDS)
        self._changed()
        return role

    def delete_channel(self, channel_id: str) -> None:
        """Remove a channel and everything in it."""
        channel = self._world.channel(channel_id)
        body = self._parts.payloads.channel(channel, self._world.bot_id)
        self._parts.messages.remove_channel(channel_id)
        del self._world.channels[channel_id]
        self._parts.gateway.tell("CHANNEL_DELETE", body, Intent.GUILDS)
        self._changed()

    def deny(self, channel_id: str, permissions: int, user_id: str | None = None) -> None:
        """Take permissions from the bot (or somebody else) in a channel; 0 gives everything back."""
        channel = self._world.channel(channel_id)
        channel.denied[user_id or self._world.bot_id] = permissions
        body = self._parts.payloads.channel(channel, self._world.bot_id)
        self._parts.gateway.tell("CHANNEL_UPDATE", body, Intent.GUILDS)
        self._changed()

    def close_dms(self, user_id: str, *, closed: bool = True) -> None:
        """Say whether the bot may write to somebody."""
        self._world.user(user_id).dms_closed = closed

    def set_upload_limit(self, guild_id: str, limit_bytes: int) -> None:
        """Set the largest size of one file in a guild."""
        self._world.guild(guild_id).upload_limit_bytes = limit_bytes
        self._changed()

    def _changed(self) -> None:
        self._parts.bus.tell(News(kind="structure"))
