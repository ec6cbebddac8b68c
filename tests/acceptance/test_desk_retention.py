"""Retention: what was kept long enough goes, and nothing else."""

import datetime as dt
from pathlib import Path

from bot.sandbox.server import Sandbox
from bot.services.retention import Swept, sweep
from db.ids import new_id
from tests.acceptance.bots import bot_beside
from tests.acceptance.test_desk_mydata import draw, settled

NOW = dt.datetime.now(dt.UTC)


async def test_results_go_after_their_period_and_the_history_stays(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, results_kept_days=30) as bot:
        ben = sandbox.member("ben")
        await draw(sandbox, ben, "a red heart")
        await settled(sandbox, bot, ben)
        (job,) = await bot.studio.jobs.mine(int(ben.id))
        assert await sweep(bot.studio, NOW + dt.timedelta(days=29)) == Swept()
        assert len(await bot.studio.files.list(f"jobs/{job.id}")) >= 4
        assert await sweep(bot.studio, NOW + dt.timedelta(days=31)) == Swept(results=1)
        assert await bot.studio.files.list(f"jobs/{job.id}") == []
        assert await sweep(bot.studio, NOW + dt.timedelta(days=31)) == Swept()
        assert [one.id for one in await bot.studio.jobs.mine(int(ben.id))] == [job.id]


async def test_results_stay_for_ever_without_a_period(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await draw(sandbox, ben, "a red heart")
        await settled(sandbox, bot, ben)
        assert await sweep(bot.studio, NOW + dt.timedelta(days=9999)) == Swept()


async def test_photos_of_a_draft_that_nobody_paid_for_go_after_an_hour(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        for name in ("draft.json", "photo-0"):
            await bot.studio.files.put(f"uploads/{new_id(NOW)}/{name}", b"{}")  # not paid for, or left by a crash
        assert await sweep(bot.studio, NOW + dt.timedelta(minutes=30)) == Swept()
        assert await sweep(bot.studio, NOW + dt.timedelta(minutes=90)) == Swept(photos=2)
        assert await bot.studio.files.list("uploads") == []
