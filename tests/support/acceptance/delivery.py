"""Results that come when Discord's fifteen minutes are nearly over."""

from typing import Any

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import RunningBot

TOKEN_S = 15 * 60


async def half_done(sandbox: Sandbox, who: HumanClient, **options: Any) -> str:
    """Start a job that stops at half, and return the id of its card."""
    card = await (await who.slash("imagine", prompt="a garden gate", **options)).answer()
    await sandbox.until(lambda: "step" in who.text(card["id"]))
    return str(card["id"])


async def until_delivered(bot: RunningBot, who: HumanClient) -> None:
    """Wait until the newest job of a member is marked as delivered."""
    listener = bot.services.db.wake.listen("changed")
    for _ in range(100):
        if (await bot.services.db.read(jobs_of_member, int(who.id)))[0].delivered_at is not None:
            return
        await listener.wait(0.1)
    raise AssertionError("not delivered")
