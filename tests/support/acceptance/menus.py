"""The menu that 'More' opens below a card."""

from bot.sandbox.human.client import HumanClient, InteractionResult
from bot.sandbox.limits.components import walk
from bot.sandbox.state.enums import ComponentType


async def menu_of(who: HumanClient, card: str) -> str:
    """Press 'More' on a card that everybody sees, and return the id of its menu."""
    return str((await (await who.press(card, "More")).answer())["id"])


async def press_more(who: HumanClient, card: str, label: str) -> InteractionResult:
    """Press a button of the menu of a card that everybody sees."""
    return await who.press(await menu_of(who, card), label)


def rows_of(who: HumanClient, message: str) -> list[list[str]]:
    """Return the labels of a message's buttons, row by row."""
    rows = [one for one, _ in walk(who.message(message)["components"]) if one["type"] == ComponentType.ACTION_ROW]
    return [[button["label"] for button in row["components"]] for row in rows]
