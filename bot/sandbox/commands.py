"""The application's commands: what the bot registered, and who may run which where."""

import copy
from collections.abc import Iterable
from typing import Any

from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.limits.commands import GROUP, SUBCOMMAND, check_commands
from bot.sandbox.permissions import Permission, in_guild
from bot.sandbox.snowflakes import Snowflakes
from bot.sandbox.world import Channel, Guild, World

Json = dict[str, Any]

GUILD_CONTEXT, BOT_DM_CONTEXT = 0, 1
SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3


class Commands:
    """The commands of one application, global and by guild."""

    def __init__(self, world: World, snowflakes: Snowflakes) -> None:
        self._world = world
        self._snowflakes = snowflakes
        self._scopes: dict[str | None, dict[str, Json]] = {None: {}}
        self.writes = 0  # how often the bot changed its commands

    def listed(self, guild_id: str | None) -> list[Json]:
        """Return the commands of a scope, as registered."""
        return copy.deepcopy(list(self._scopes.get(guild_id, {}).values()))

    def get(self, guild_id: str | None, command_id: str) -> Json:
        """Return one command; raise ApiError if there is none."""
        try:
            return copy.deepcopy(self._scopes.get(guild_id, {})[command_id])
        except KeyError:
            raise ApiError("unknown_command") from None

    def overwrite(self, guild_id: str | None, bodies: list[Json]) -> list[Json]:
        """Replace all commands of a scope; those of the same name keep their id."""
        check_commands(bodies)
        known = {(c["type"], c["name"]): c["id"] for c in self._scopes.get(guild_id, {}).values()}
        fresh = [self._complete(body, guild_id, known.get((body.get("type", 1), body["name"]))) for body in bodies]
        self._scopes[guild_id] = {command["id"]: command for command in fresh}
        self.writes += 1
        return self.listed(guild_id)

    def add(self, guild_id: str | None, body: Json) -> Json:
        """Add a command, or replace the one of its name."""
        name = (body.get("type", 1), body.get("name"))
        others = [c for c in self.listed(guild_id) if (c["type"], c["name"]) != name]
        return next(c for c in self.overwrite(guild_id, [*others, body]) if (c["type"], c["name"]) == name)

    def change(self, guild_id: str | None, command_id: str, body: Json) -> Json:
        """Change one command."""
        self.get(guild_id, command_id)
        changed = [c | body if c["id"] == command_id else c for c in self.listed(guild_id)]
        check_commands(changed)
        self._scopes[guild_id] = {c["id"]: c for c in changed}
        self.writes += 1
        return self.get(guild_id, command_id)

    def remove(self, guild_id: str | None, command_id: str) -> None:
        """Remove one command."""
        self.get(guild_id, command_id)
        del self._scopes[guild_id][command_id]
        self.writes += 1

    def saved(self) -> list[Json]:
        """Return all commands of all scopes."""
        return [command for scope in self._scopes for command in self.listed(scope)]

    def load(self, saved: list[Json]) -> None:
        """Take over commands of an earlier run."""
        for command in saved:
            self._scopes.setdefault(command.get("guild_id"), {})[command["id"]] = command
            self._snowflakes.skip_past(command["version"])

    def visible(self, user_id: str, guild: Guild | None) -> list[Json]:
        """Return what an account may run in a guild (None: in direct messages); read it only."""
        everything = [*self._scope(None), *self._scope(guild.id if guild else "")]
        return [c for c in everything if _offered(c, guild) and _permitted(c, user_id, guild)]

    def pick(self, user_id: str, channel: Channel, kind: int, name: str) -> Json:
        """Return the command that an account runs in a channel.

        Raises: HumanError if there is none, or if Discord's client would not show it to them there.
        """
        guild = self._world.guild_of(channel)
        if not channel.guild_id and self._world.bot_id not in channel.recipients:
            raise HumanError("hidden", "There are no commands in this conversation.", 403)
        for command in self.visible(user_id, guild):
            if command["type"] == kind and command["name"] == name:
                if command["nsfw"] and guild and not channel.nsfw:
                    raise HumanError("hidden", f"/{name} is shown in age-restricted channels only.", 403)
                return command
        everything = [*self._scope(None), *self._scope(channel.guild_id or "")]
        if any(c["type"] == kind and c["name"] == name for c in everything):
            raise HumanError("hidden", f"{name} is not shown to this member here.", 403)
        raise HumanError("unknown_command", f"There is no command {name}.", 404)

    def _scope(self, guild_id: str | None) -> Iterable[Json]:
        return self._scopes.get(guild_id, {}).values()

    def _complete(self, body: Json, guild_id: str | None, known_id: str | None) -> Json:
        command: Json = {
            "id": known_id or self._snowflakes.next(),
            "application_id": self._world.application_id,
            "version": self._snowflakes.next(),
            "type": body.get("type", SLASH),
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "options": copy.deepcopy(body.get("options") or []),
            "default_member_permissions": body.get("default_member_permissions"),
            "dm_permission": body.get("dm_permission", True),
            "contexts": body.get("contexts"),
            "integration_types": body.get("integration_types") or [0],
            "nsfw": bool(body.get("nsfw", False)),
        }
        if command["default_member_permissions"] is not None:
            command["default_member_permissions"] = str(command["default_member_permissions"])
        return command | {"guild_id": guild_id} if guild_id else command


def leaf(command: Json, path: list[str]) -> Json:
    """Return the command, group or subcommand that a path of names leads to; its `options` are the values to give.

    Raises: HumanError if the path leads nowhere.
    """
    node = command
    for name in path:
        inside = [o for o in node.get("options") or [] if o["type"] in (SUBCOMMAND, GROUP) and o["name"] == name]
        if not inside:
            raise HumanError("unknown_command", f"/{command['name']} has no {name}.", 404)
        node = inside[0]
    if any(o["type"] in (SUBCOMMAND, GROUP) for o in node.get("options") or []):
        raise HumanError("unknown_command", f"/{' '.join([command['name'], *path])} needs a subcommand.", 404)
    return node


def _offered(command: Json, guild: Guild | None) -> bool:
    contexts = command["contexts"]
    if guild:
        return contexts is None or GUILD_CONTEXT in contexts
    return BOT_DM_CONTEXT in contexts if contexts is not None else command["dm_permission"] is not False


def _permitted(command: Json, user_id: str, guild: Guild | None) -> bool:
    if guild is None:
        return True
    bits = in_guild(guild, user_id)
    wanted = command["default_member_permissions"]
    if not bits & Permission.USE_APPLICATION_COMMANDS:
        return False
    if wanted is None or bits & Permission.ADMINISTRATOR:
        return True
    return wanted != "0" and bits & int(wanted) == int(wanted)
