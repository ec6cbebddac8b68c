"""Commands: what all share, and telling the platform which there are, only when that changed.

It allows 200 creations a day, globally and in each server.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import discord
from discord import app_commands

from bot.shared.discord.explain import explain
from bot.shared.discord.interactions import limits_of
from bot.shared.discord.limits import AUTOCOMPLETE, entry_of
from bot.shared.errors import Refused
from bot.shared.services import Services

log = logging.getLogger(__name__)

REFUSAL_CARD = "refusal card"  # in the extras of a command: makes a message of an interaction and a sentence
CommandT = TypeVar("CommandT")
Mention = Callable[[str], str]  # a command's path, as members can click it; empty: there is no such command here


class CountedCommandTree(app_commands.CommandTree[discord.Client]):
    """The command tree: every use is counted, and what goes wrong is explained to the one who typed it."""

    def __init__(self, client: discord.Client, **options: Any) -> None:
        """Begin without commands.

        Args:
            client: the bot.
            options: of discord.py's tree.
        """
        super().__init__(client, **options)
        self.ids: dict[int | None, Mapping[str, int]] = {}  # of registered commands by name; by server, None: global
        self.elsewhere: Mapping[str, Callable[[Mention], str]] = {}  # what to say of commands by path that are not here

    def mention(self, path: str, guild_id: int | None = None) -> str:
        """Return a command so that members can click it, or copy it while its id is not known; empty: there is none.

        Args:
            path: its name, after the names of the groups that it is in: `voice optout`.
            guild_id: the server whose own commands count as well.
        """
        name, *inside = path.split()
        scope = None if self.get_command(name) is not None else guild_id
        command: Any = self.get_command(name, guild=_server(scope))
        for part in inside:
            command = command.get_command(part) if isinstance(command, app_commands.Group) else None
        if command is None:
            return ""
        known = self.ids.get(scope, {})
        return f"</{path}:{known[name]}>" if name in known else f"`/{path}`"

    def note_ids(self, registered: Iterable[app_commands.AppCommand], guild_id: int | None = None) -> None:
        """Remember by which ids the platform knows the global commands, or a server's own."""
        slash = discord.AppCommandType.chat_input
        self.ids[guild_id] = {command.name: command.id for command in registered if command.type is slash}

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Count a command, or a letter typed into one, against its member's limit; nothing more is offered above it.

        Raises:
            CommandOnCooldown: there were too many.
        """
        command, limits = interaction.command, limits_of(interaction)
        if interaction.type is not discord.InteractionType.autocomplete:
            if command is not None:  # else there is no such command, which is said elsewhere
                limits.take(entry_of(command), interaction.user.id)
            return True
        try:
            limits.take(AUTOCOMPLETE, interaction.user.id)
        except app_commands.CommandOnCooldown:
            await interaction.response.autocomplete([])
            return False
        return True

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        """Explain an error, with what was typed where the command keeps that."""
        command = interaction.command
        refusal = command.extras.get(REFUSAL_CARD) if isinstance(command, app_commands.Command) else None
        shown = self._where_else(error, interaction.guild_id) or error
        await explain(interaction, shown, card=partial(refusal, interaction) if refusal else None)

    def _where_else(self, error: app_commands.AppCommandError, guild_id: int | None) -> Refused | None:
        """Return what to say of a command that is not here, but that an old message or an open app may still show."""
        if not isinstance(error, app_commands.CommandNotFound):
            return None
        say = self.elsewhere.get(" ".join([*error.parents, error.name]))
        return Refused(say(partial(self.mention, guild_id=guild_id))) if say else None


def tree_of(client: discord.Client) -> CountedCommandTree:
    """Return the bot's commands."""
    return cast(CountedCommandTree, client.tree)  # type: ignore[attr-defined]


def mention_of(client: discord.Client, guild_id: int | None = None) -> Mention:
    """Return what makes the mention of a command by its path: of a global one, or of the server's own."""
    return partial(tree_of(client).mention, guild_id=guild_id)


def _server(guild_id: int | None) -> discord.Object | None:
    return None if guild_id is None else discord.Object(guild_id)


def in_servers(command: CommandT) -> CommandT:
    """Offer a command in servers and not in direct messages, where the tree's own contexts would leave it."""
    return app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)(command)


def for_operators(command: CommandT) -> CommandT:
    """Offer a command, or a group of commands, to those who may manage the server, and nowhere else."""
    return app_commands.default_permissions(manage_guild=True)(in_servers(command))


class UsesServices:
    """What every cog is built with, unless it needs more."""

    def __init__(self, services: Services) -> None:
        self.services = services


async def sync_if_changed(tree: CountedCommandTree, file: Path, guild_id: int | None = None) -> bool:
    """Register the commands if they differ from those registered last time; return whether that was needed.

    Args:
        tree: all commands.
        file: where the fingerprint of the last registration is kept.
        guild_id: the server whose own commands are meant; None: the global ones.
    """
    server = _server(guild_id)
    commands = [command.to_dict(tree) for command in tree.get_commands(guild=server)]
    text = json.dumps([tree.client.application_id, commands], sort_keys=True, default=str)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    if await asyncio.to_thread(_read, file) == fingerprint:
        registered = await tree.fetch_commands(guild=server)
        tree.note_ids(registered, guild_id)
        there = {(command.name, command.type.value) for command in registered}
        if there == {(command["name"], command.get("type", 1)) for command in commands}:
            return False  # an application that was reset, or a stand-in that forgets, would have none
    await asyncio.to_thread(_write, file, "")  # until it is known that it worked
    tree.note_ids(await tree.sync(guild=server), guild_id)
    await asyncio.to_thread(_write, file, fingerprint)
    log.info("commands registered%s: %d", f" in server {guild_id}" if guild_id else "", len(commands))
    return True


def _read(file: Path) -> str:
    return file.read_text(encoding="ascii").strip() if file.exists() else ""


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="ascii")
