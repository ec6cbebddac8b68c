"""Retention: what was kept long enough goes, and nothing else."""

import asyncio
import datetime as dt
import os
from pathlib import Path

from bot.features.mydata.retention import SweepCounts, sweep
from bot.sandbox.server import Sandbox
from db.ids import new_id
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.pictures import draw, settled

NOW = dt.datetime.now(dt.UTC)


async def test_results_go_after_their_period_and_the_history_stays(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, results_kept_days=30) as bot:
        ben = sandbox.member("ben")
        await draw(sandbox, ben, "a red heart")
        await settled(sandbox, bot, ben)
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert await sweep(bot.services, NOW + dt.timedelta(days=29)) == SweepCounts()
        assert len(await bot.services.files.list(f"jobs/{job.id}")) >= 4
        assert await sweep(bot.services, NOW + dt.timedelta(days=31)) == SweepCounts(results=1)
        assert await bot.services.files.list(f"jobs/{job.id}") == []
        assert await sweep(bot.services, NOW + dt.timedelta(days=31)) == SweepCounts()
        assert [one.id for one in await bot.services.db.read(jobs_of_member, int(ben.id))] == [job.id]


async def test_results_stay_for_ever_without_a_period(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await draw(sandbox, ben, "a red heart")
        await settled(sandbox, bot, ben)
        assert await sweep(bot.services, NOW + dt.timedelta(days=9999)) == SweepCounts()


async def test_photos_of_a_draft_that_nobody_paid_for_go_after_an_hour(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        for name in ("draft.json", "photo-0"):
            await bot.services.files.put(f"uploads/{new_id(NOW)}/{name}", b"{}")  # not paid for, or left by a crash
        assert await sweep(bot.services, NOW + dt.timedelta(minutes=30)) == SweepCounts()
        assert await sweep(bot.services, NOW + dt.timedelta(minutes=90)) == SweepCounts(photos=2)
        assert await bot.services.files.list("uploads") == []


async def test_what_a_crash_left_of_jobs_without_a_result_goes(sandbox: Sandbox, tmp_path: Path) -> None:
    """Such as the preview of a picture whose worker was killed, and which was cancelled in line."""
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await draw(sandbox, ben, "a red heart")
        card = await (await ben.slash("imagine", prompt="a gate")).message()
        await sandbox.until(lambda: "Cancel" in ben.buttons(card["id"]))
        running, done = await bot.services.db.read(jobs_of_member, int(ben.id))
        for job_id in (running.id, done.id, new_id(NOW)):  # the last is no job that is known here: another's, perhaps
            await bot.services.files.put(f"jobs/{job_id}/preview.txt", b"what was heard so far")
        assert await sweep(bot.services, NOW) == SweepCounts()
        await ben.press(card["id"], "Cancel")
        await settled(sandbox, bot, ben)
        await bot.services.files.put(f"jobs/{running.id}/preview.txt", b"what was heard so far")
        assert await sweep(bot.services, NOW) == SweepCounts(leftovers=1)
        assert await bot.services.files.list(f"jobs/{running.id}") == []
        assert await bot.services.files.exists(f"jobs/{done.id}/preview.txt")


async def test_unfinished_write_that_a_kill_left_goes_at_the_start(sandbox: Sandbox, tmp_path: Path) -> None:
    left = tmp_path / "files" / "jobs" / new_id(NOW) / "1.png.00112233.part~"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    os.utime(left, (NOW.timestamp() - 7200,) * 2)
    async with bot_beside(sandbox, tmp_path), asyncio.timeout(60):
        while left.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # nobody is woken by a file that goes
