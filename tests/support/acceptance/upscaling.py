"""Pictures with buttons to upscale them, and what came of those."""

from typing import Any

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from inference.requests import Kind
from tests.support.acceptance.bots import RunningBot


async def drawn(sandbox: Sandbox, who: HumanClient, prompt: str = "a red heart", **options: Any) -> str:
    """Have two pictures drawn and return the id of their card."""
    card = await (await who.slash("imagine", prompt=prompt, **{"count": 2} | options)).message()
    await sandbox.until(lambda: "Re-roll" in who.buttons(card["id"]))
    return str(card["id"])


async def upscaled(bot: RunningBot, who: HumanClient) -> list[Job]:
    """Return the pictures that somebody had upscaled, newest first."""
    return [job for job in await bot.services.db.read(jobs_of_member, int(who.id)) if job.kind == Kind.UPSCALE]
