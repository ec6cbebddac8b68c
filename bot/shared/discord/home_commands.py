"""Commands of home servers: registered in each of them, and in no other server.

Discord shows or hides whole commands, and a global one everywhere; so what only home servers can use is a command of
their own. Where no setting names them, the only server is one until a second comes: it is decided again whenever the
bot connects, joins a server or leaves one.
"""

import asyncio
import logging
from collections.abc import Awaitable
from pathlib import Path

import discord
from discord import app_commands
from discord.ext import commands

from bot.shared.discord.commands import sync_if_changed, tree_of
from bot.shared.discord.interactions import home_guild_ids
from bot.shared.discord.retry import patiently
from common.supervisor import supervise

log = logging.getLogger(__name__)

FINGERPRINT = "commands-{}.sha256"  # of a server, by its id


class HomeCommands(commands.Cog):
    """Offers a group of commands in home servers."""

    def __init__(self, client: discord.Client, group: app_commands.Group, folder: Path) -> None:
        """Offer it nowhere yet.

        Args:
            client: the bot, which knows the servers it is in.
            group: what is offered.
            folder: where it is kept which servers have it, and as which they know it.
        """
        self._client = client
        self._tree = tree_of(client)
        self._group = group
        self._folder = folder
        self._homes: frozenset[int] = frozenset()
        self._changed = asyncio.Event()
        self._registering: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Begin to tell the platform."""
        self._registering = supervise("register-home-commands", self._keep_registered)

    async def cog_unload(self) -> None:
        """Stop; what is registered stays for the next start."""
        if self._registering is not None:
            self._registering.cancel()
            await asyncio.gather(self._registering, return_exceptions=True)

    @commands.Cog.listener()
    async def on_connect(self) -> None:
        """Look at the servers that there are, at the start and after a new session."""
        self._decide()
        self._changed.set()

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Look again: a server that was the only one no longer is."""
        self._decide()
        self._changed.set()  # and one that the bot was in before may have lost them

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Look again: discord.py says this, too, of a server that is joined within the first seconds."""
        self._decide()

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Look again: a server may be the only one now."""
        self._decide()

    def _decide(self) -> None:
        """Take the commands from home servers before anybody is shown them, then have that registered."""
        homes = home_guild_ids(self._client)
        for guild_id in self._homes - homes:
            self._tree.remove_command(self._group.name, guild=discord.Object(guild_id))
        for guild_id in homes - self._homes:
            self._tree.add_command(self._group, guild=discord.Object(guild_id))
        if homes != self._homes:
            self._homes = homes
            self._changed.set()

    async def _keep_registered(self) -> None:
        while True:
            self._changed.clear()
            await patiently(self._register)
            await self._changed.wait()

    async def _register(self) -> None:
        """Register the commands where they are missing, and nowhere else; each server where that is not known yet."""
        homes = self._homes
        for guild_id in sorted(homes):
            file = self._folder / FINGERPRINT.format(guild_id)
            await _unless_forbidden(guild_id, sync_if_changed(self._tree, file, guild_id))
        here = {guild.id for guild in self._client.guilds}
        for guild_id in (await asyncio.to_thread(self._registered) - homes) & here:  # the others cannot be asked
            if await _unless_forbidden(guild_id, self._tree.sync(guild=discord.Object(guild_id))):
                await asyncio.to_thread((self._folder / FINGERPRINT.format(guild_id)).unlink, missing_ok=True)

    def _registered(self) -> set[int]:
        """Return the servers that have the commands, as far as is known."""
        ids = (file.stem.removeprefix("commands-") for file in self._folder.glob(FINGERPRINT.format("*")))
        return {int(guild_id) for guild_id in ids if guild_id.isdigit()}


async def _unless_forbidden(guild_id: int, registering: Awaitable[object]) -> bool:
    """Register commands in a server that may have removed the bot, or that never let it have commands."""
    try:
        await registering
    except (discord.Forbidden, discord.NotFound) as error:
        log.warning("server %d lets me register no commands (%s)", guild_id, error)
        return False
    return True
