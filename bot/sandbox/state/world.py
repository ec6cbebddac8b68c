"""Users, guilds, members, roles and channels."""

from dataclasses import dataclass, field

from bot.sandbox.errors import ApiError
from bot.sandbox.state.enums import ChannelType


@dataclass(slots=True)
class User:
    """A person, or the bot."""

    id: str
    username: str
    global_name: str
    colour: str  # behind the initials, "#rrggbb"
    bot: bool = False
    dms_closed: bool = False  # they accept no direct messages from the bot
    dms: dict[str, str] = field(default_factory=dict)  # the other user's id → the channel's


@dataclass(slots=True)
class Role:
    """A role of a guild; the one with the guild's own id is @everyone."""

    id: str
    name: str
    permissions: int
    colour: int = 0
    position: int = 0
    managed: bool = False  # belongs to the bot


@dataclass(slots=True)
class GuildMember:
    """A user in a guild."""

    user_id: str
    roles: list[str] = field(default_factory=list)
    joined_at: str = "2025-01-01T12:00:00+00:00"


@dataclass(slots=True)
class Channel:
    """A text channel of a guild, or the direct messages of two users."""

    id: str
    type: int
    name: str = ""
    guild_id: str | None = None
    nsfw: bool = False  # age-restricted
    topic: str = ""
    position: int = 0
    recipients: tuple[str, ...] = ()
    denied: dict[str, int] = field(default_factory=dict)  # user id → permission bits taken away here
    last_message_id: str | None = None


@dataclass(slots=True)
class Guild:
    """A server, as people call it."""

    id: str
    name: str
    owner_id: str
    colour: str
    upload_limit_bytes: int = 10 * 1024 * 1024
    system_channel_id: str | None = None  # where members are greeted
    public_updates_channel_id: str | None = None  # where the platform writes to those who run the guild
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, GuildMember] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """Everything that exists but messages and files, by id."""

    bot_id: str
    application_id: str  # not the bot's own id: applications of before 2016 have two, and some swap them by mistake
    users: dict[str, User] = field(default_factory=dict)
    guilds: dict[str, Guild] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    message_content: bool = True  # whether the bot may have the privileged intent

    def user(self, user_id: str) -> User:
        """Return a user.

        Raises:
            ApiError: if there is none (10013).
        """
        try:
            return self.users[user_id]
        except KeyError:
            raise ApiError("unknown_user") from None

    def guild(self, guild_id: str) -> Guild:
        """Return a guild.

        Raises:
            ApiError: if there is none (10004).
        """
        try:
            return self.guilds[guild_id]
        except KeyError:
            raise ApiError("unknown_guild") from None

    def channel(self, channel_id: str) -> Channel:
        """Return a channel.

        Raises:
            ApiError: if there is none (10003).
        """
        try:
            return self.channels[channel_id]
        except KeyError:
            raise ApiError("unknown_channel") from None

    def guild_of(self, channel: Channel) -> Guild | None:
        """Return the guild of a channel; None for direct messages."""
        return self.guilds.get(channel.guild_id or "")

    def bot_guilds(self) -> list[Guild]:
        """Return the guilds that the bot is in."""
        return [guild for guild in self.guilds.values() if self.bot_id in guild.members]

    def channels_of(self, guild: Guild) -> list[Channel]:
        """Return the channels of a guild, in the order shown."""
        return sorted((c for c in self.channels.values() if c.guild_id == guild.id), key=lambda c: c.position)

    def can_see(self, user_id: str, channel: Channel) -> bool:
        """Tell whether a user is in the guild, or one of the two in the conversation, that a channel belongs to."""
        guild = self.guild_of(channel)
        return user_id in (guild.members if guild else channel.recipients)

    def upload_limit_bytes(self, channel: Channel) -> int:
        """Return how large one file may be in a channel."""
        guild = self.guild_of(channel)
        return guild.upload_limit_bytes if guild else Guild("", "", "", "").upload_limit_bytes

    def dm_channel(self, one: User, other: User, new_id: str) -> tuple[Channel, bool]:
        """Return the direct-message channel of two users.

        Args:
            one: the first user.
            other: the second user.
            new_id: the id that the channel gets if there is none yet.

        Returns:
            The channel, and whether it is new.
        """
        if known := one.dms.get(other.id):
            return self.channels[known], False
        channel = Channel(id=new_id, type=ChannelType.DM, recipients=(one.id, other.id))
        self.channels[channel.id] = channel
        one.dms[other.id] = other.dms[one.id] = channel.id
        return channel, True
