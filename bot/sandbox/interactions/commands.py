"""The application's commands: which the bot registered, and who may run which where."""

import copy
from collections.abc import Iterable
from typing import Any

from bot.sandbox.errors import ApiError, HumanError
from bot.sandbox.interactions.payloads import BOT_DM_CONTEXT, GUILD_CONTEXT
from bot.sandbox.limits.commands import check_commands
from bot.sandbox.state.enums import CommandType, OptionType
from bot.sandbox.state.permissions import Permission, guild_permissions
from bot.sandbox.state.snowflakes import SnowflakeGenerator
from bot.sandbox.state.world import Channel, Guild, World

Json = dict[str, Any]

_GROUPS = (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP)


class ApplicationCommands:
    """The commands of the application: the global ones, and those of each guild.

    Methods take a `guild_id`; None stands for the global commands.
    """

    def __init__(self, world: World, snowflakes: SnowflakeGenerator) -> None:
        self._world = world
        self._snowflakes = snowflakes
        self._by_guild: dict[str | None, dict[str, Json]] = {None: {}}

    def registered(self, guild_id: str | None) -> list[Json]:
        """Return the commands as the bot registered them."""
        return copy.deepcopy(list(self._by_guild.get(guild_id, {}).values()))

    def get(self, guild_id: str | None, command_id: str) -> Json:
        """Return one command.

        Raises:
            ApiError: if there is none (10063).
        """
        try:
            return copy.deepcopy(self._by_guild.get(guild_id, {})[command_id])
        except KeyError:
            raise ApiError("unknown_command") from None

    def overwrite(self, guild_id: str | None, bodies: list[Json]) -> list[Json]:
        """Replace all commands; those of the same name and type keep their id.

        Raises:
            ApiError: if Discord would refuse them (50035).
        """
        check_commands(bodies)
        known = {_key(command): command["id"] for command in self._commands(guild_id)}
        fresh = [self._complete(body, guild_id, known.get(_key(body))) for body in bodies]
        self._by_guild[guild_id] = {command["id"]: command for command in fresh}
        return self.registered(guild_id)

    def add(self, guild_id: str | None, body: Json) -> Json:
        """Add a command, or replace the one of its name and type.

        Raises:
            ApiError: if Discord would refuse it (50035).
        """
        others = [command for command in self.registered(guild_id) if _key(command) != _key(body)]
        return next(c for c in self.overwrite(guild_id, [*others, body]) if _key(c) == _key(body))

    def edit(self, guild_id: str | None, command_id: str, body: Json) -> Json:
        """Change one command.

        Raises:
            ApiError: if there is none (10063), or if Discord would refuse it (50035).
        """
        self.get(guild_id, command_id)
        changed = [c | body if c["id"] == command_id else c for c in self.registered(guild_id)]
        check_commands(changed)
        self._by_guild[guild_id] = {c["id"]: c for c in changed}
        return self.get(guild_id, command_id)

    def remove(self, guild_id: str | None, command_id: str) -> None:
        """Remove one command.

        Raises:
            ApiError: if there is none (10063).
        """
        self.get(guild_id, command_id)
        del self._by_guild[guild_id][command_id]

    def all(self) -> list[Json]:
        """Return all commands, global and of guilds."""
        return [command for guild_id in self._by_guild for command in self.registered(guild_id)]

    def load(self, saved: list[Json]) -> None:
        """Take over the commands of an earlier run."""
        for command in saved:
            self._by_guild.setdefault(command.get("guild_id"), {})[command["id"]] = command
            self._snowflakes.skip_past(command["version"])

    def visible(self, user_id: str, guild: Guild | None) -> list[Json]:
        """Return the commands that a user may run in a guild, or in direct messages (None); do not change them."""
        if guild and self._world.bot_id not in guild.members:
            return []
        everything = [*self._commands(None), *self._commands(guild.id if guild else "")]
        return [c for c in everything if _offered(c, guild) and _permitted(c, user_id, guild)]

    def find_visible(self, user_id: str, channel: Channel, command_type: CommandType, name: str) -> Json:
        """Return a command that a user sees in a channel.

        Args:
            user_id: the user.
            channel: where they run it.
            command_type: slash command, or the kind of context menu.
            name: its name.

        Raises:
            HumanError: if there is none, or if Discord's client would not show it to them there.
        """
        guild = self._world.guild_of(channel)
        if not channel.guild_id and self._world.bot_id not in channel.recipients:
            raise HumanError("hidden", "There are no commands in this conversation.", 403)
        for command in self.visible(user_id, guild):
            if command["type"] == command_type and command["name"] == name:
                if command["nsfw"] and guild and not channel.nsfw:
                    raise HumanError("hidden", f"/{name} is shown in age-restricted channels only.", 403)
                return command
        everything = [*self._commands(None), *self._commands(channel.guild_id or "")]
        if any(c["type"] == command_type and c["name"] == name for c in everything):
            raise HumanError("hidden", f"{name} is not shown to this member here.", 403)
        raise HumanError("unknown_command", f"There is no command {name}.", 404)

    def _commands(self, guild_id: str | None) -> Iterable[Json]:
        return self._by_guild.get(guild_id, {}).values()

    def _complete(self, body: Json, guild_id: str | None, known_id: str | None) -> Json:
        command: Json = {
            "id": known_id or self._snowflakes.next(),
            "application_id": self._world.application_id,
            "version": self._snowflakes.next(),
            "type": body.get("type", CommandType.CHAT_INPUT),
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
        if guild_id:  # where it can be used and installed is asked of global commands only
            command |= {"guild_id": guild_id, "contexts": None, "integration_types": [0]}
        return command


def find_subcommand(command: Json, path: list[str]) -> Json:
    """Return what a person runs: a command without subcommands (empty path), or the subcommand at a path of names.

    Raises:
        HumanError: if there is none.
    """
    node = command
    for name in path:
        inside = [o for o in node.get("options") or [] if o["type"] in _GROUPS and o["name"] == name]
        if not inside:
            raise HumanError("unknown_command", f"/{command['name']} has no {name}.", 404)
        node = inside[0]
    if any(o["type"] in _GROUPS for o in node.get("options") or []):
        raise HumanError("unknown_command", f"/{' '.join([command['name'], *path])} needs a subcommand.", 404)
    return node


def _key(command: Json) -> tuple[int, str | None]:
    """Return what no two commands have in common."""
    return command.get("type", CommandType.CHAT_INPUT), command.get("name")


def _offered(command: Json, guild: Guild | None) -> bool:
    contexts = command["contexts"]
    if guild:
        return contexts is None or GUILD_CONTEXT in contexts
    return BOT_DM_CONTEXT in contexts if contexts is not None else command["dm_permission"] is not False


def _permitted(command: Json, user_id: str, guild: Guild | None) -> bool:
    if guild is None:
        return True
    bits = guild_permissions(guild, user_id)
    wanted = command["default_member_permissions"]
    if not bits & Permission.USE_APPLICATION_COMMANDS:
        return False
    if wanted is None or bits & Permission.ADMINISTRATOR:
        return True
    return wanted != "0" and bits & int(wanted) == int(wanted)
