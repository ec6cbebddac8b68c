"""Changing the world: roles, channels, permissions, limits. The bot gets the events that Discord would send."""

from bot.sandbox.container import Container
from bot.sandbox.errors import ApiError
from bot.sandbox.events import Event
from bot.sandbox.gateway.intents import Intent
from bot.sandbox.state.world import GuildMember, Role


class WorldEditor:
    """What tests and the control API change in the world."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._world = container.world

    def set_roles(self, guild_id: str, user_id: str, roles: list[str]) -> None:
        """Give a member these roles and no others.

        Raises:
            ApiError: if there is no such guild or member.
            ValueError: if there is no such role.
        """
        guild = self._world.guild(guild_id)
        if user_id not in guild.members:
            raise ApiError("unknown_member")
        if unknown := [role for role in roles if role not in guild.roles]:
            raise ValueError(f"{guild.name} has no role {unknown[0]}")
        guild.members[user_id].roles = roles
        body = self._container.payloads.member(guild, user_id) | {"guild_id": guild.id}
        self._container.gateway.dispatch("GUILD_MEMBER_UPDATE", body, Intent.GUILD_MEMBERS)
        self._changed()

    def add_role(self, guild_id: str, name: str, *, permissions: int = 0, colour: int = 0) -> Role:
        """Create a role.

        Args:
            guild_id: the guild.
            name: its name.
            permissions: its permission bits.
            colour: its colour, 0xRRGGBB.
        """
        guild = self._world.guild(guild_id)
        role = Role(self._container.snowflakes.next(), name, permissions, colour=colour, position=1)
        guild.roles[role.id] = role
        body = {"guild_id": guild.id, "role": self._container.payloads.role(role)}
        self._container.gateway.dispatch("GUILD_ROLE_CREATE", body, Intent.GUILDS)
        self._changed()
        return role

    def remove_bot(self, guild_id: str) -> None:
        """Take the bot out of a guild, as an operator can.

        Raises:
            ApiError: if it is not in it.
        """
        guild = self._world.guild(guild_id)
        if guild.members.pop(self._world.bot_id, None) is None:
            raise ApiError("unknown_member")
        self._container.gateway.dispatch("GUILD_DELETE", {"id": guild.id}, Intent.GUILDS)
        self._changed()

    def add_bot(self, guild_id: str) -> None:
        """Add the bot to a guild, with the role that is its own there."""
        guild = self._world.guild(guild_id)
        own = [role.id for role in guild.roles.values() if role.managed]
        guild.members[self._world.bot_id] = GuildMember(self._world.bot_id, own)
        body = self._container.payloads.guild_create(guild, all_members=False)
        del body["unavailable"]  # that is said of guilds that it was in before
        self._container.gateway.dispatch("GUILD_CREATE", body, Intent.GUILDS)
        self._changed()

    def delete_channel(self, channel_id: str) -> None:
        """Delete a channel and everything in it."""
        channel = self._world.channel(channel_id)
        body = self._container.payloads.channel(channel, self._world.bot_id)
        self._container.messages.remove_channel(channel_id)
        del self._world.channels[channel_id]
        self._container.gateway.dispatch("CHANNEL_DELETE", body, Intent.GUILDS)
        self._changed()

    def deny(self, channel_id: str, permissions: int, user_id: str | None = None) -> None:
        """Deny permissions to a user in a channel; 0 gives all back.

        Args:
            channel_id: the channel.
            permissions: permission bits.
            user_id: the user; None for the bot.
        """
        channel = self._world.channel(channel_id)
        channel.denied[user_id or self._world.bot_id] = permissions
        body = self._container.payloads.channel(channel, self._world.bot_id)
        self._container.gateway.dispatch("CHANNEL_UPDATE", body, Intent.GUILDS)
        self._changed()

    def close_dms(self, user_id: str, *, closed: bool = True) -> None:
        """Let a user accept no direct messages from the bot, or accept them again."""
        self._world.user(user_id).dms_closed = closed

    def set_upload_limit(self, guild_id: str, limit_bytes: int) -> None:
        """Set how large one file may be in a guild."""
        self._world.guild(guild_id).upload_limit_bytes = limit_bytes
        self._changed()

    def _changed(self) -> None:
        self._container.events.publish(Event(kind="structure"))
