"""Commands whose response only the member sees."""

from typing import Any

from bot.sandbox.human.client import HumanClient

EPHEMERAL = 64


async def run_privately(who: HumanClient, command: str, **options: Any) -> str:
    """Run a command, check that its response is ephemeral, and return its text."""
    said = await (await who.slash(command, **options)).answer()
    assert said["flags"] & EPHEMERAL
    return who.text(said["id"])
