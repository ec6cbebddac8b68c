"""Upscaling by the real engines, and while the bot is killed: charged once, one picture."""

import asyncio
from pathlib import Path

import pytest
from PIL import Image

from bot.sandbox.server import Sandbox
from db.credits.audit import audit
from db.credits.statement import read_statement
from db.queue.finding import jobs_of_member
from db.queue.job import State
from inference.catalogue import DEFAULT_FILE
from inference.requests import Kind
from tests.support.acceptance.bots import (
    ALLOWANCE,
    DAILY,
    REAL_ENGINES,
    RECOVERY_S,
    bot_process,
    open_job_store,
    until_all_delivered,
)
from tests.support.acceptance.upscaling import drawn
from tests.support.engines.upscaling import write_compact


def catalogue_file(folder: Path) -> Path:
    """Write the shipped catalogue with an upscaler in it, whose weights are in the same folder or nowhere."""
    terms = f'title = "Up"\nlicence = "MIT"\nsource = "{folder}/up.safetensors"\nscale = 4\n'
    (file := folder / "models.toml").write_text(
        DEFAULT_FILE.read_text("utf-8") + f'\n[[upscaler]]\nname = "up"\n{terms}', encoding="utf-8"
    )
    return file


@pytest.mark.long
async def test_whole_road_with_real_engines_and_weights(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The built-in model's 128 px, shown as 512, become 2048 in two rounds; the file says where they come from."""
    write_compact(tmp_path / "up.safetensors", width=16, depth=2, scale=4)
    monkeypatch.setenv("CATALOGUE", str(catalogue_file(tmp_path)))
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path, engines=REAL_ENGINES), open_job_store(tmp_path) as jobs:
        await sandbox.until(lambda: sandbox.bot_online)
        card = await (await ben.slash("imagine", prompt="a red heart", count=1)).message()
        await sandbox.until(lambda: "Upscale" in ben.buttons(card["id"]), timeout_s=120)
        large = await (await ben.press(card["id"], "Upscale")).message()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1, timeout_s=120)
        await until_all_delivered(jobs)
        job, parent = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.state, job.charged, job.source_job_id) == (State.DONE, 1, parent.id)
        assert "2048×2048 px" in ben.text(large["id"])
    with Image.open(tmp_path / "files" / "jobs" / job.id / "upscaled.png") as image:
        assert image.size == (2048, 2048)
        assert image.info["parameters"].startswith("a red heart\nSteps: ")
        assert f"Source job: {parent.id}, Source picture: 1" in image.info["postprocessing"]


STAGES = ["submit:after", "claim:after", "settle:before", "settle:after", "mark_delivered:before"]
QUICK = "settle:before"  # the one that is tried in every run


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=() if stage == QUICK else pytest.mark.long) for stage in STAGES]
)
async def test_job_survives_a_kill_of_the_bot(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setenv("CATALOGUE", str(catalogue_file(tmp_path)))
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path) as first:
        await sandbox.until(lambda: sandbox.bot_online)
        card = await drawn(sandbox, ben)
        async with open_job_store(tmp_path) as jobs:
            await until_all_delivered(jobs)  # what is noted of it is not to meet the crash
        first.terminate()
        await asyncio.wait_for(first.wait(), 60)
    async with bot_process(sandbox, tmp_path, crash=stage) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        await ben.press(card, "U2")
        await asyncio.wait_for(doomed.wait(), 60)
    async with bot_process(sandbox, tmp_path), open_job_store(tmp_path) as jobs:
        await sandbox.until(
            lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 1], timeout_s=RECOVERY_S
        )
        await until_all_delivered(jobs)
        job, _ = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.kind, job.state, job.charged) == (Kind.UPSCALE, State.DONE, 1)
        statement = await read_statement(jobs.db, int(ben.id), ALLOWANCE)
        assert (statement.available, statement.held) == (DAILY - 3, 0)
        assert [entry.kind for entry in statement.entries].count("charge") == 2
        assert await jobs.db.read(audit) == []
