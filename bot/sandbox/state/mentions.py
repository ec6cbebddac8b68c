"""Whom a message notifies, by its text and its sender's allowed mentions."""

import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.state.world import Channel, Guild, World


@dataclass(slots=True)
class Mentions:
    """Who is notified by a message."""

    users: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    everyone: bool = False

    def __bool__(self) -> bool:
        return bool(self.users or self.roles or self.everyone)


def find_mentions(
    text: str, channel: Channel, world: World, *, allowed: dict[str, Any] | None, may_everyone: bool
) -> Mentions:
    """Return whom a text notifies.

    Args:
        text: the content of a message.
        channel: where it is sent.
        world: who there is.
        allowed: Discord's allowed mentions object; None allows everything, as Discord does.
        may_everyone: whether the sender has the permission to notify everyone.
    """
    guild = world.guild_of(channel)
    parse = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse") or ())
    named_users = {str(i) for i in (allowed or {}).get("users") or ()}
    named_roles = {str(i) for i in (allowed or {}).get("roles") or ()}
    users = [u for u in _ids(r"<@!?(\d+)>", text) if u in _user_ids_in(channel, guild)]
    roles = [r for r in _ids(r"<@&(\d+)>", text) if guild and r in guild.roles]
    return Mentions(
        users=[u for u in users if "users" in parse or u in named_users],
        roles=[r for r in roles if may_everyone and ("roles" in parse or r in named_roles)],
        everyone="everyone" in parse and may_everyone and bool(re.search(r"@(everyone|here)\b", text)),
    )


def _ids(pattern: str, text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(pattern, text)))


def _user_ids_in(channel: Channel, guild: Guild | None) -> set[str]:
    return set(guild.members) if guild else set(channel.recipients)
