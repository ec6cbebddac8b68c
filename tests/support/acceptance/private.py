"""Commands whose response only the member sees."""

from typing import Any

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox

EPHEMERAL = 64


def show_to_everybody(sandbox: Sandbox, operator: HumanClient) -> None:
    """Open all commands that an operator sees to everybody, as an administrator can in Discord's settings."""
    guild = next(iter(sandbox.container.world.guilds.values()))
    for command in sandbox.container.commands.visible(operator.id, guild):
        command["default_member_permissions"] = None


async def run_privately(who: HumanClient, command: str, **options: Any) -> str:
    """Run a command, check that its response is ephemeral, and return its text."""
    said = await (await who.slash(command, **options)).answer()
    assert said["flags"] & EPHEMERAL
    return who.text(said["id"])
