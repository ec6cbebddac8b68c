"""Pictures drawn in the local Discord."""

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from db.wake import CHANGED
from tests.support.acceptance.bots import RunningBot


async def draw(sandbox: Sandbox, who: HumanClient, prompt: str) -> str:
    """Draw four pictures and return their card."""
    card = await (await who.slash("imagine", prompt=prompt)).message()
    await sandbox.until(lambda: len(who.pictures(card["id"])) == 4)
    return str(card["id"])


async def settled(sandbox: Sandbox, bot: RunningBot, who: HumanClient) -> None:
    """Wait until everything that a member asked for was delivered."""
    changed = bot.services.db.wake.listen(CHANGED)
    while any(job.delivered_at is None for job in await bot.services.db.read(jobs_of_member, int(who.id))):
        await changed.wait(0.5)
