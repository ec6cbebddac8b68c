"""What operators type in the local Discord."""

from typing import Any

from bot.sandbox.human.client import HumanClient

EPHEMERAL = 64


async def does(who: HumanClient, command: str, **options: Any) -> str:
    """Run a command, see that its answer is private, and return what it says."""
    said = await (await who.slash(command, **options)).answer()
    assert said["flags"] & EPHEMERAL
    return who.text(said["id"])
