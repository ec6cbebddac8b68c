"""Home servers, and the commands that are offered there only."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.credits.operator_commands import CreditsCommands
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import STUDIO
from tests.support.acceptance.bots import RunningBot

CREDITS = "atelier-credits"


async def credits_offered(sandbox: Sandbox, who: HumanClient, guild_id: str = STUDIO) -> None:
    """Wait until an operator is offered the commands about credits in a server: they come after the bot is online."""
    await sandbox.until(lambda: CREDITS in who.commands(guild_id))


def show_credits_commands(sandbox: Sandbox, bot: RunningBot, guild_id: str) -> None:
    """Show the commands about credits where they are not offered, as an app does that has not heard of it yet."""
    body = CreditsCommands(bot.services).to_dict(bot.client.tree)
    sandbox.container.commands.overwrite(guild_id, [body])


def show_former_commands(sandbox: Sandbox, bot: RunningBot) -> None:
    """Show /atelier with a group about credits in it, as it once was."""
    (atelier,) = (one for one in sandbox.container.commands.registered(None) if one["name"] == "atelier")
    group: dict[str, Any] = CreditsCommands(bot.services).to_dict(bot.client.tree)
    former = {"type": 2, "name": "credits", "description": "Members' credits", "options": group["options"]}
    sandbox.container.commands.edit(None, atelier["id"], {"options": [*atelier["options"], former]})


def commands_at_home(
    client: commands.Bot,
) -> list[app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu]:
    """Return all that a bot offers in the server that is at home: what is offered everywhere, and there only."""
    return [*client.tree.get_commands(), *client.tree.get_commands(guild=discord.Object(STUDIO))]
