"""kill -9 around and in the midst of a training: one subject, one charge, one card, and the very same weights."""

import asyncio
import contextlib
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]
import pytest
import safetensors.torch
import torch

from bot.sandbox.server import Sandbox
from db.credits.audit import audit
from db.credits.statement import read_statement
from db.people.subjects import consent_to, subjects_of_member
from db.queue.finding import jobs_of_member
from db.queue.job import Job, State
from inference.catalogue import read_catalogue
from inference.engines.image.models.loading import ModelCache
from inference.engines.training.engine import TrainingEngine
from inference.messages import Failed, Finished, JobEvent, Output, Task
from inference.requests import from_json
from tests.support.acceptance.bots import (
    ALLOWANCE,
    DAILY,
    REAL_ENGINES,
    RECOVERY_S,
    bot_process,
    open_job_store,
    until_all_delivered,
)
from tests.support.acceptance.training import photos, preflight

STEPS = 20  # of the built-in model; a checkpoint after every fourth
PRICE = 2
LEARNT_S = 300  # two cores that others use as well


@pytest.mark.long
@pytest.mark.parametrize("stage", ["submit:after", "settle:after"])
async def test_training_has_its_subject_and_consent_whenever_the_bot_dies(
    sandbox: Sandbox, tmp_path: Path, stage: str
) -> None:
    """With a fake engine."""
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path, crash=stage) as doomed:
        await sandbox.until(lambda: sandbox.bot_online, timeout_s=RECOVERY_S)
        card = await preflight(ben, photos(3), steps=STEPS)
        await ben.press(card, "I agree – start")
        await asyncio.wait_for(doomed.wait(), RECOVERY_S)
    async with bot_process(sandbox, tmp_path), open_job_store(tmp_path) as jobs:
        await sandbox.until(lambda: "Training finished" in ben.text(card), timeout_s=RECOVERY_S)
        await until_all_delivered(jobs)
        (job,) = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.state, job.charged) == (State.DONE, PRICE)
        (subject,) = await jobs.db.read(subjects_of_member, int(ben.id))
        assert (subject.ready, subject.step) == (True, STEPS)
        assert await jobs.db.read(consent_to, subject.id)
    assert len(ben.messages()) == 1
    assert list((tmp_path / "files" / "uploads").rglob("*.json")) == []


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
async def test_training_survives_kills_and_learns_bit_for_bit_the_same(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path, engines=REAL_ENGINES) as doomed:
        await sandbox.until(lambda: sandbox.bot_online, timeout_s=RECOVERY_S)
        card = await preflight(ben, photos(3), steps=STEPS)
        shown = await (await ben.press(card, "I agree – start")).message()
        await sandbox.until(lambda: "getting the photos ready" in ben.text(shown["id"]), timeout_s=RECOVERY_S)
        async with open_job_store(tmp_path) as jobs:
            (job,) = await jobs.db.read(jobs_of_member, int(ben.id))
        folder = tmp_path / "files" / "jobs" / job.id
        await checkpoint_after(folder, 4)
        worker_of(doomed.pid).kill()
        first = files_until(folder, await checkpoint_after(folder, 0))
        await checkpoint_after(folder, 12)
        doomed.kill()
        await doomed.wait()
    second = files_until(folder, await checkpoint_after(folder, 0))
    sent = [file.read_bytes() for file in sorted((tmp_path / "files" / "uploads").glob("*/photo-*"))]
    async with bot_process(sandbox, tmp_path, engines=REAL_ENGINES), open_job_store(tmp_path) as jobs:
        await sandbox.until(lambda: "Training finished" in ben.text(shown["id"]), timeout_s=LEARNT_S)
        await until_all_delivered(jobs)
        (job,) = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.state, job.attempt, job.blamed, job.charged) == (State.DONE, 3, 1, PRICE)
        assert job.expirations == 1  # the whole bot's end is no worker's death
        (subject,) = await jobs.db.read(subjects_of_member, int(ben.id))
        assert (subject.ready, subject.step) == (True, STEPS)
        statement = await read_statement(jobs.db, int(ben.id), ALLOWANCE)
        assert (statement.available, statement.held) == (DAILY - PRICE, 0)
        assert [entry.kind for entry in statement.entries].count("charge") == 1
        assert await jobs.db.read(audit) == []
    assert len(ben.messages()) == 1
    assert len(ben.pictures(shown["id"])) == STEPS // 4
    assert files_until(folder, 20).items() >= second.items() >= first.items()  # nothing was made twice
    learnt = safetensors.torch.load_file(tmp_path / "files" / "subjects" / subject.id / "adapter.safetensors")
    expected = safetensors.torch.load(uninterrupted(job, sent, tmp_path))
    assert learnt.keys() == expected.keys()
    assert [key for key in learnt if not torch.equal(learnt[key], expected[key])] == []


async def checkpoint_after(folder: Path, step: int) -> int:
    """Wait for a checkpoint of at least that step, and return its step."""
    async with asyncio.timeout(LEARNT_S):
        while (done := checkpoint_step(folder)) < step:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # another process writes; there is nothing to be woken by
    return done


def checkpoint_step(folder: Path) -> int:
    """Return the step of the latest checkpoint; -1 where there is none yet."""
    with contextlib.suppress(FileNotFoundError):  # deleted as we look: a later attempt has one
        return max(
            (int(safetensors.torch.load_file(file)["done"].item()) for file in folder.glob("checkpoint-?")), default=-1
        )
    return checkpoint_step(folder)


def files_until(folder: Path, step: int) -> dict[str, int]:
    """Return when each film picture and adapter up to a step was written."""
    found = [*folder.glob("film-*.png"), *folder.glob("adapter-*.safetensors")]
    return {file.name: file.stat().st_mtime_ns for file in found if int(file.stem.rpartition("-")[2]) <= step}


def worker_of(pid: int) -> psutil.Process:
    """Return the process that computes for a bot."""
    (worker,) = [one for one in psutil.Process(pid).children() if one.name().startswith("atelier:")]
    return worker


def uninterrupted(job: Job, sent: list[bytes], data_dir: Path) -> bytes:
    """Return the adapter that the same training makes here, at one go."""
    models = ModelCache("cpu", limit_bytes=1 << 30)
    engine = TrainingEngine(read_catalogue(), models, cache_dir=data_dir / "class-pictures")
    engine.admit(Task(job.id, 1, from_json(job.request), {f"photo-{at}": content for at, content in enumerate(sent)}))
    events: list[JobEvent] = []
    while not (events and isinstance(events[-1], Finished | Failed)):
        events += engine.step()
    models.close()
    name = f"adapter-{STEPS:04d}.safetensors"
    return next(event.content for event in events if isinstance(event, Output) and event.name == name)
