"""kill -9 of the bot at each stage: afterwards the job has ended once, was charged at most once, and is shown once."""

import asyncio
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from db.credits.audit import audit
from db.credits.statement import read_statement
from db.queue.finding import jobs_of_member
from db.queue.job import State
from tests.support.acceptance.bots import ALLOWANCE, DAILY, RECOVERY_S, bot_process, open_job_store, until_all_delivered
from tests.support.acceptance.engines import GATE

STAGES = [
    "submit:after",  # accepted and paid for, nothing was shown yet
    "claim:after",  # a dispatcher has it, no worker yet
    "settle:before",  # all files are written
    "settle:after",  # ended and charged, nothing was shown yet
    "mark_delivered:before",  # shown, and nobody noted it
    "mark_delivered:after",
]
QUICK = "settle:after"  # the one that is tried in every run


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=() if stage == QUICK else pytest.mark.long) for stage in STAGES]
)
async def test_job_survives_a_kill_of_the_bot(sandbox: Sandbox, tmp_path: Path, stage: str) -> None:
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path, crash=stage) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        await ben.slash("imagine", prompt="a red heart")
        await asyncio.wait_for(doomed.wait(), 60)
    await ends_well(sandbox, tmp_path)


@pytest.mark.long
async def test_job_that_waits_survives_a_kill_of_the_bot(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path, slots=0) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        await (await ben.slash("imagine", prompt="a red heart")).answer()
        doomed.kill()
    await ends_well(sandbox, tmp_path)


@pytest.mark.long
async def test_job_that_is_half_done_survives_a_kill_of_the_bot(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        card = await (await ben.slash("imagine", prompt="a garden gate")).answer()
        await sandbox.until(lambda: "step 4 of 8" in ben.text(card["id"]))
        doomed.kill()
    (tmp_path / "open").touch()
    await ends_well(sandbox, tmp_path)


@pytest.mark.long
async def test_job_of_a_bot_that_was_killed_waits_for_no_lease(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    ben, lease_s = sandbox.member("ben"), int(10 * RECOVERY_S)
    async with bot_process(sandbox, tmp_path, lease_s=lease_s) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        card = await (await ben.slash("imagine", prompt="a garden gate")).answer()
        await sandbox.until(lambda: "step 4 of 8" in ben.text(card["id"]))
        doomed.kill()
    (tmp_path / "open").touch()
    await ends_well(sandbox, tmp_path, lease_s=lease_s)


@pytest.mark.long
async def test_result_that_was_posted_before_a_kill_is_not_posted_again(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    ben, ada = sandbox.member("ben"), sandbox.member("ada")
    async with bot_process(sandbox, tmp_path, crash="mark_delivered:before") as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        card = await (await ben.slash("imagine", prompt="a garden gate")).answer()
        await sandbox.until(lambda: "step" in ben.text(card["id"]))
        sandbox.clock.advance(16 * 60)  # the answer's token is over …
        await ada.do("delete", message_id=card["id"])  # … and the card is gone: it can only be posted
        (tmp_path / "open").touch()
        await asyncio.wait_for(doomed.wait(), 60)
    assert len(ben.messages()) == 1
    sandbox.clock.advance(60 * 60)  # the platform has forgotten the nonce
    await ends_well(sandbox, tmp_path)


async def ends_well(sandbox: Sandbox, data_dir: Path, *, lease_s: int = 5) -> None:
    """Start the bot again and see Ben's only job shown once, ended once and charged once."""
    ben = sandbox.member("ben")
    async with bot_process(sandbox, data_dir, lease_s=lease_s), open_job_store(data_dir) as jobs:
        await sandbox.until(
            lambda: any(len(ben.pictures(one["id"])) == 4 for one in ben.messages()), timeout_s=RECOVERY_S
        )
        await until_all_delivered(jobs)
        (job,) = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.state, job.charged) == (State.DONE, 4)
        assert len(ben.messages()) == 1
        statement = await read_statement(jobs.db, int(ben.id), ALLOWANCE)
        assert (statement.available, statement.held) == (DAILY - 4, 0)
        assert [entry.kind for entry in statement.entries].count("charge") == 1
        assert await jobs.db.read(audit) == []
