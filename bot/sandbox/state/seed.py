"""The world at the start, with the same ids every time (`docs/sandbox.md`)."""

from typing import Any

from bot.sandbox.state.enums import ChannelType
from bot.sandbox.state.permissions import MEMBER, Permission
from bot.sandbox.state.world import Channel, Guild, GuildMember, Role, User, World

BOT = "110000000000000001"
APPLICATION = "110000000000000008"
ADA, BEN, CLEO = "120000000000000001", "120000000000000002", "120000000000000003"
STUDIO, ANNEX = "130000000000000001", "130000000000000002"
GENERAL, VOICE_NOTES, AFTER_DARK = "140000000000000001", "140000000000000002", "140000000000000003"
LOBBY, BACKSTAGE = "140000000000000011", "140000000000000012"
OPERATORS, PATRONS, FRIENDS, BOT_ROLE = (f"15000000000000000{n}" for n in range(1, 5))
ANNEX_OPERATORS, ANNEX_BOT_ROLE = "150000000000000011", "150000000000000012"

_OPERATOR = int(MEMBER | Permission.ADMINISTRATOR | Permission.MANAGE_GUILD | Permission.MANAGE_MESSAGES)
_BOT = int(MEMBER)


def new_world() -> World:
    """Return a new world with two guilds, three people and the bot."""
    world = World(bot_id=BOT, application_id=APPLICATION)
    for user in (
        User(BOT, "Atelier", "Atelier", "#5865f2", bot=True),
        User(ADA, "ada", "Ada", "#e67e22"),
        User(BEN, "ben", "Ben", "#2ecc71"),
        User(CLEO, "cleo", "Cleo", "#9b59b6"),
    ):
        world.users[user.id] = user
    for guild in (_studio(), _annex()):
        world.guilds[guild.id] = guild
    for channel in (
        _text_channel(GENERAL, "general", STUDIO, topic="Say hello to @Atelier, or type / to see what it can do"),
        _text_channel(VOICE_NOTES, "voice-notes", STUDIO, topic="Speak instead of typing", position=1),
        _text_channel(
            AFTER_DARK,
            "after-dark",
            STUDIO,
            nsfw=True,
            topic="Age-restricted: what is made here is shown in channels like this alone",
            position=2,
        ),
        _text_channel(LOBBY, "lobby", ANNEX),
        _text_channel(BACKSTAGE, "backstage", ANNEX, nsfw=True, position=1),
    ):
        world.channels[channel.id] = channel
    return world


def _text_channel(channel_id: str, name: str, guild_id: str, **fields: Any) -> Channel:
    return Channel(channel_id, ChannelType.GUILD_TEXT, name, guild_id, **fields)


def _studio() -> Guild:
    guild = Guild(STUDIO, "The Studio", ADA, "#5865f2")
    _add_roles(
        guild,
        Role(STUDIO, "@everyone", int(MEMBER)),
        Role(FRIENDS, "Friends", 0, colour=0x9B59B6, position=1),
        Role(PATRONS, "Patrons", 0, colour=0x2ECC71, position=2),
        Role(BOT_ROLE, "Atelier", _BOT, colour=0x5865F2, position=3, managed=True),
        Role(OPERATORS, "Operators", _OPERATOR, colour=0xE67E22, position=4),
    )
    _add_members(
        guild,
        GuildMember(ADA, [OPERATORS]),
        GuildMember(BEN, [PATRONS]),
        GuildMember(CLEO),
        GuildMember(BOT, [BOT_ROLE]),
    )
    return guild


def _annex() -> Guild:
    guild = Guild(ANNEX, "The Annex", ADA, "#e91e63")
    _add_roles(
        guild,
        Role(ANNEX, "@everyone", int(MEMBER)),
        Role(ANNEX_BOT_ROLE, "Atelier", _BOT, colour=0x5865F2, position=1, managed=True),
        Role(ANNEX_OPERATORS, "Operators", _OPERATOR, colour=0xE67E22, position=2),
    )
    _add_members(guild, GuildMember(ADA, [ANNEX_OPERATORS]), GuildMember(CLEO), GuildMember(BOT, [ANNEX_BOT_ROLE]))
    return guild


def _add_roles(guild: Guild, *roles: Role) -> None:
    guild.roles.update((role.id, role) for role in roles)


def _add_members(guild: Guild, *members: GuildMember) -> None:
    guild.members.update((member.user_id, member) for member in members)
