"""Trainings in the local Discord: photos, the card before, and what a member sees of it."""

from typing import Any

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from tests.support.acceptance.bots import RunningBot
from tests.support.engines.creature import photo


def photos(count: int) -> list[Upload]:
    """Return photos of the creature."""
    return [Upload(filename=f"{index}.png", content=photo(index), content_type="image/png") for index in range(count)]


async def preflight(
    member: HumanClient, files: list[Upload], *, name: str = "Blob", private: bool = True, **options: Any
) -> str:
    """Submit the modal of `/train`, and return the id of the card that asks for consent and shows the price.

    A private training's card takes its place.
    """
    asked = await member.slash("train", name=name, kind="mascot", private=private, **options)
    shown = await asked.submit(**{"3_to_10_photos": files})
    return str((await shown.answer())["id"])


async def trained(sandbox: Sandbox, member: HumanClient) -> str:
    """Train the creature, and return the id of the training's card."""
    card = await preflight(member, photos(4))
    message = await (await member.press(card, "I agree – start")).message()
    await sandbox.until(lambda: "Training finished" in member.text(message["id"]))
    return str(message["id"])


def sees(member: HumanClient, words: str) -> bool:
    """Tell whether a member sees words in any message."""
    return any(words in member.text(message["id"]) for message in member.messages())


async def available(bot: RunningBot, member: HumanClient) -> int:
    """Return how many credits a member has."""
    return (await bot.statement(member)).available
