"""Ten members in two servers: two operators' worth of rights, all others without."""

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import ANNEX, PATRONS, STUDIO
from bot.sandbox.state.world import GuildMember, User

NEWCOMERS = ("dora", "emil", "fay", "gus", "hana", "ivo", "jo")
FIRST_ID = 120_000_000_000_000_011
IN_ANNEX_TOO = ("dora", "emil")


def ten_members(box: Sandbox) -> list[HumanClient]:
    """Let seven more people join those of the local Discord, before the bot comes; return all ten."""
    world = box.world
    for number, name in enumerate(NEWCOMERS):
        user = User(str(FIRST_ID + number), name, name.title(), "#3498db")
        world.users[user.id] = user
        for guild_id in (STUDIO, *[ANNEX] * (name in IN_ANNEX_TOO)):
            roles = [PATRONS] if guild_id == STUDIO and number % 2 else []
            world.guilds[guild_id].members[user.id] = GuildMember(user.id, roles)
    return [box.member(name) for name in ("ada", "ben", "cleo", *NEWCOMERS)]
