"""'Use this one' at a step of the filmstrip: while the training runs, as it ends, afterwards; the engine is a fake."""

import asyncio
from pathlib import Path

import pytest

from bot.features.operator.admin import pause, resume
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import STUDIO
from bot.shared.policy import Operator
from db.credits.audit import audit
from db.credits.statement import read_statement
from db.people.subjects import subjects_of_member
from db.queue.finding import find_job, jobs_of_member
from db.queue.job import Job, State
from db.queue.job_store import JobStore
from tests.support.acceptance.bots import (
    ALLOWANCE,
    DAILY,
    RECOVERY_S,
    RunningBot,
    bot_beside,
    bot_process,
    open_job_store,
    until_all_delivered,
)
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.training import available, photos, preflight, sees

RUNNING = "Stop and use a step …"
STEPS = 40  # stopped at half by the gate; the film has every eighth step, a checkpoint is made every fifth
HALF = STEPS // 2
SHOWN = [8, 16]
PRICE = 4


@pytest.fixture(autouse=True)
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that lets trainings go on after their half."""
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    return tmp_path / "open"


async def half_taught(sandbox: Sandbox, member: HumanClient, *, private: bool = True) -> str:
    """Begin to teach and wait until the training stands at its half; return its card's id."""
    card = await preflight(member, photos(4), name="Garden gate", steps=STEPS, private=private)
    await member.press(card, "I agree – start")
    await sandbox.until(lambda: sees(member, f"step {HALF} of {STEPS}"))
    (message,) = member.messages()
    await sandbox.until(lambda: len(member.pictures(message["id"])) == len(SHOWN))
    return str(message["id"])


async def ended(jobs: JobStore, member: HumanClient) -> Job:
    (job,) = await jobs.db.read(jobs_of_member, int(member.id))
    assert job.final
    return job


async def test_step_chosen_while_it_runs_ends_the_training_and_is_used(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await half_taught(sandbox, ben)
        await (await ben.select(card, RUNNING, str(SHOWN[0]))).done()
        await sandbox.until(lambda: finished(ben, card, SHOWN[0], HALF))
        assert "2 credits (2 credits refunded)" in ben.text(card)
        job = await ended(bot.services.jobs, ben)
        assert (job.state, job.outcome["steps"], job.charged) == (State.DONE, HALF, PRICE * HALF // STEPS)
        assert await available(bot, ben) == DAILY - job.charged
        await uses(bot, ben, SHOWN[0])
        picture = await (await ben.slash("imagine", prompt="it", subject="garden gate", count=1)).message()
        await sandbox.until(lambda: len(ben.pictures(picture["id"])) == 1)


async def test_step_chosen_as_the_training_ends_is_used(
    sandbox: Sandbox, tmp_path: Path, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training ends by itself between the press and its transaction: all steps were run, and all are paid."""
    real, pressed = JobStore.stop_at, asyncio.Event()

    async def late(self: JobStore, job_id: str, *, by_user: int, step: int) -> Job:
        pressed.set()
        while not (job := await self.db.read(find_job, job_id)) or not job.final:
            await self.db.wake.listen("changed").wait(1.0)
        return await real(self, job_id, by_user=by_user, step=step)

    monkeypatch.setattr(JobStore, "stop_at", late)
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await half_taught(sandbox, ben)
        shown = await ben.select(card, RUNNING, str(SHOWN[0]))
        await pressed.wait()
        gate.touch()
        await shown.done()
        await sandbox.until(lambda: finished(ben, card, SHOWN[0], STEPS))
        assert (await ended(bot.services.jobs, ben)).charged == PRICE
        await uses(bot, ben, SHOWN[0])


async def test_step_chosen_by_somebody_else_changes_nothing(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await half_taught(sandbox, ben, private=False)
        await cleo.select(card, RUNNING, str(SHOWN[0]))
        await sandbox.until(lambda: sees(cleo, "Only the person who asked"))
        gate.touch()
        await sandbox.until(lambda: "Training finished" in ben.text(card))
        assert (await ended(bot.services.jobs, ben)).charged == PRICE
        await uses(bot, ben, STEPS)


async def test_step_chosen_afterwards_becomes_the_subject(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await half_taught(sandbox, ben)
        gate.touch()
        await sandbox.until(lambda: "Training finished" in ben.text(card))
        await uses(bot, ben, STEPS)
        assert finished(ben, card, STEPS, STEPS)
        await ben.select(card, "Use another step …", str(SHOWN[0]))
        await sandbox.until(lambda: finished(ben, card, SHOWN[0], STEPS))
        assert len(ben.pictures(card)) == STEPS // SHOWN[0]
        await uses(bot, ben, SHOWN[0])


async def test_step_chosen_with_subjects_becomes_the_subject_and_the_card_says_so(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        gate.touch()
        card = await preflight(ben, photos(4), name="Garden gate", steps=STEPS, private=False)
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: sees(cleo, "Training finished"))
        (message,) = cleo.messages()
        opened = await (await ben.slash("subjects", name_="garden gate")).answer()
        assert f"step {STEPS}" in ben.text(opened["id"])
        await ben.select(opened["id"], "Use another step …", str(SHOWN[0]))
        await sandbox.until(lambda: f"step {SHOWN[0]} " in ben.text(opened["id"]))
        await sandbox.until(lambda: finished(cleo, message["id"], SHOWN[0], STEPS))
        await uses(bot, ben, SHOWN[0])


async def test_training_that_runs_is_among_the_subjects_with_its_steps(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await half_taught(sandbox, ben)
        assert "No subjects yet" in cleo.text((await (await cleo.slash("subjects")).answer())["id"])
        overview = await (await ben.slash("subjects")).answer()
        assert "still training" in ben.text(overview["id"])
        opened = await (await ben.press(overview["id"], "Open")).answer()
        assert f"step {HALF} of {STEPS}" in ben.text(opened["id"])
        assert len(ben.pictures(opened["id"])) == len(SHOWN)
        await ben.select(opened["id"], RUNNING, str(SHOWN[0]))
        await sandbox.until(lambda: finished(ben, card, SHOWN[0], HALF))
        await uses(bot, ben, SHOWN[0])


async def test_training_stopped_while_it_is_back_in_line_ends_with_what_it_has(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its worker is taken for lost, and nothing is claimed until it has been stopped."""
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, jobs = sandbox.member("ben"), bot.services.jobs
        card = await half_taught(sandbox, ben)
        operator = Operator(user_id=1, guild_id=int(STUDIO), only_guild=True)
        await pause(bot.services, operator, "")
        (job,) = await jobs.db.read(jobs_of_member, int(ben.id))
        await jobs.give_back(owner=str(job.lease_owner), attempts={job.id: job.attempt}, blame=True)
        await sandbox.until(lambda: "In the queue" in ben.text(card))
        await ben.press(card, "Stop early")
        await sandbox.until(lambda: "Stopping" in ben.text(card))
        assert len(ben.pictures(card)) == len(SHOWN)
        await resume(bot.services, operator)
        await sandbox.until(lambda: "Training finished" in ben.text(card), timeout_s=RECOVERY_S)
        job = await ended(jobs, ben)
        assert (job.state, job.attempt, job.outcome["steps"]) == (State.DONE, 2, HALF)
        assert job.charged == PRICE * HALF // STEPS
        assert await available(bot, ben) == DAILY - job.charged
        await uses(bot, ben, HALF)


def finished(member: HumanClient, card: str, step: int, ran: int) -> bool:
    """Tell whether a training's card says that it is over, and from which step the subject is used."""
    return f"**Training finished.** `Garden gate` uses step {step} of {ran}." in member.text(card)


async def uses(bot: RunningBot, member: HumanClient, step: int) -> None:
    """See that the member's only subject is used from a step, by its row and by its file."""
    (subject,) = await bot.services.db.read(subjects_of_member, int(member.id))
    assert (subject.ready, subject.step) == (True, step)
    adapter = await bot.services.files.get(f"subjects/{subject.id}/adapter.safetensors")
    assert adapter == f"adapter {step}".encode()


@pytest.mark.long
@pytest.mark.parametrize("stage", ["stop_at:after", "settle:before", "settle:after"])
async def test_step_chosen_before_a_kill_of_the_bot_is_used_after_it(
    sandbox: Sandbox, tmp_path: Path, stage: str
) -> None:
    """What was run after the last checkpoint is lost by the kill, and not paid: here that is nothing."""
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path, crash=stage) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        card = await half_taught(sandbox, ben)
        await ben.select(card, RUNNING, str(SHOWN[0]))
        await asyncio.wait_for(doomed.wait(), 60)
    async with bot_process(sandbox, tmp_path), open_job_store(tmp_path) as jobs:
        await sandbox.until(lambda: "Training finished" in ben.text(card), timeout_s=RECOVERY_S)
        await until_all_delivered(jobs)
        job = await ended(jobs, ben)
        assert (job.state, job.outcome["steps"], job.charged) == (State.DONE, HALF, PRICE * HALF // STEPS)
        (subject,) = await jobs.db.read(subjects_of_member, int(ben.id))
        assert (subject.ready, subject.step) == (True, SHOWN[0])
        adapter = tmp_path / "files" / "subjects" / subject.id / "adapter.safetensors"
        assert adapter.read_bytes() == f"adapter {SHOWN[0]}".encode()
        statement = await read_statement(jobs.db, int(ben.id), ALLOWANCE)
        assert (statement.available, statement.held) == (DAILY - job.charged, 0)
        assert await jobs.db.read(audit) == []
