"""Without credits: what is said becomes text when nobody fast waits; a subject is learnt where a tier says so."""

from pathlib import Path

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import STUDIO, VOICE_NOTES
from db.queue.finding import find_job
from db.queue.job import Job, Pace, State
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.engines import GATE, SLOTS
from tests.support.acceptance.training import photos, preflight
from tests.support.acceptance.voice import jobs_of, said, sound
from tests.support.clock import NOON_ZONE


async def newest(bot: RunningBot, who: HumanClient) -> Job:
    """Return what somebody has just asked for, once it is accepted."""
    changed = bot.services.db.wake.listen("changed")
    while not (found := await jobs_of(bot, who)):
        await changed.wait(0.1)
    return found[0]


async def ended(bot: RunningBot, job: Job) -> Job:
    """Return a job once it has ended."""
    changed = bot.services.db.wake.listen("changed")
    while (found := await bot.services.db.read(find_job, job.id)) is not None and not found.final:
        await changed.wait(0.1)
    assert found is not None
    return found


async def test_what_is_said_becomes_text_without_credits(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, daily_credits=3) as bot:
        ben = sandbox.member("ben")
        message = await said(sandbox, ben, "We are poor today.", 91.0)
        card = await (await ben.context_menu("Transcribe", message_id=message)).message()
        await sandbox.until(lambda: "We are poor today." in ben.text(card["id"]))
        assert "free (relaxed)" in ben.text(card["id"])
        (job,) = await jobs_of(bot, ben)
        assert (job.pace, job.price, job.work) == (Pace.RELAXED, 0, 4)
        assert (await bot.statement(ben)).available == 3


async def test_file_turns_out_dearer_than_what_is_left_and_becomes_text_all_the_same(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, daily_credits=1) as bot:
        ben = sandbox.member("ben")
        await ben.slash("transcribe", file=sound(31.0))  # how long it is, only its sound tells
        await sandbox.until(lambda: any("hello" in ben.text(one["id"]) for one in ben.messages()))
        (job,) = await jobs_of(bot, ben)
        assert (job.pace, job.price, job.work) == (Pace.RELAXED, 0, 2)


async def test_spent_budget_of_a_server_leaves_the_free_way(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "tiers.toml"
    file.write_text(
        f"timezone = '{NOON_ZONE}'\n[[tier]]\nname = 'everybody'\ndaily_credits = 50\n"
        f"[[guild]]\nid = {STUDIO}\ndaily_credits = 1\n",
        encoding="utf-8",
    )
    async with bot_beside(sandbox, tmp_path, tiers=file) as bot:
        ben = sandbox.member("ben")
        await ben.context_menu("Transcribe", message_id=await said(sandbox, ben, "On the house.", 91.0))
        await sandbox.until(lambda: any("On the house." in ben.text(one["id"]) for one in ben.messages()))
        assert [job.pace for job in await jobs_of(bot, ben)] == [Pace.RELAXED]


async def test_relax_is_a_habit_for_what_is_said_too(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        told = await (await ben.slash("relax")).answer()
        assert "pictures, upscaling and transcripts are free" in ben.text(told["id"])
        await ben.context_menu("Transcribe", message_id=await said(sandbox, ben, "No hurry."))
        await sandbox.until(lambda: any("No hurry." in ben.text(one["id"]) for one in ben.messages()))
        assert [job.pace for job in await jobs_of(bot, ben)] == [Pace.RELAXED]


async def test_clip_for_free_waits_until_nobody_fast_does(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    monkeypatch.setenv(SLOTS, "1")
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        await (await ben.slash("relax")).answer()
        jobs = []
        for who, words in ((ada, "We stand at the gate."), (ben, "For free."), (cleo, "With credits.")):
            await who.context_menu("Transcribe", message_id=await said(sandbox, who, words, channel=VOICE_NOTES))
            jobs.append(await newest(bot, who))
        (tmp_path / "open").touch()
        first, free, paid = [await ended(bot, job) for job in jobs]
        assert {job.state for job in (first, free, paid)} == {State.DONE}
        assert free.queued_at < paid.queued_at
        assert free.started_at is not None
        assert paid.started_at is not None
        assert paid.started_at < free.started_at


async def test_subject_is_not_learnt_for_free_unless_a_tier_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4))
        # taken away only now: without credits nobody is asked for photos
        await bot.leave(ben, 3)
        assert ben.buttons(card) == ["I agree – start", "Change photos", "Cancel"]
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: any("you have 3 left" in ben.text(one["id"]) for one in ben.messages()))
        assert await jobs_of(bot, ben) == []


async def test_subject_is_learnt_for_free_where_a_tier_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, daily_credits=3, relaxed="image,train") as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4))
        await ben.press(card, "I agree – start for free")
        await sandbox.until(lambda: any("Training finished" in ben.text(one["id"]) for one in ben.messages()))
        (job,) = await jobs_of(bot, ben)
        assert (job.pace, job.price, job.charged) == (Pace.RELAXED, 0, 0)
        assert job.work > 3
        assert (await bot.statement(ben)).available == 3
