"""The kill matrix of dispatchers and workers: SIGKILL at every stage, on both databases.

Whatever is killed when: each job ends once, is charged at most once, and the books add up. The bot's own stages
(submit, delivery) have a matrix beside the bot.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from db.credits.audit import audit
from db.engine import Database
from db.queue.job import Job, State
from inference.dispatcher import Intervals
from inference.requests import ImageRequest, from_json
from tests.simulation.doomed import STAGES
from tests.support.dispatcher import DispatcherHarness
from tests.support.fakes.requests import image_request, train_request

LEASE_S = Intervals().lease_s
RECOVERY_S = 60.0


@pytest.fixture
def harness(database: Database, tmp_path: Path) -> DispatcherHarness:
    return DispatcherHarness(database, tmp_path / "files")


async def ask_for_a_mix(harness: DispatcherHarness, count: int) -> list[Job]:
    """Ask for pictures by several members, and for one training."""
    pictures = [
        await harness.ask(image_request(f"cat {index}", steps=6, count=2), user_id=index % 3 + 1)
        for index in range(count)
    ]
    return [*pictures, await harness.ask(train_request(steps=30), price=3)]


async def check(harness: DispatcherHarness, asked: Sequence[Job]) -> list[Job]:
    """Hold what must hold when all is over; return the jobs as they ended."""
    ended = [await harness.store.fresh(job) for job in asked]
    assert all(job.final for job in ended)
    assert [job.charged for job in ended] == [job.price if job.state is State.DONE else 0 for job in ended]
    for user_id in {job.user_id for job in ended}:
        available, held = await harness.store.balances(user_id)
        assert (available, held) == (100_000 - sum(job.charged for job in ended if job.user_id == user_id), 0)
    assert await harness.store.db.read(audit) == []
    for job in ended:
        request = from_json(job.request)
        if job.state is State.DONE and isinstance(request, ImageRequest):
            pictures = [await harness.files.get(f"jobs/{job.id}/{index}.png") for index in (1, 2)]
            assert pictures == [f"{request.prompt}:{request.seed + index}".encode() for index in (0, 1)]
    return ended


async def run_doomed(stage: str, database_url: str, files_url: str) -> int:
    """Run a dispatcher that dies at the stage; return its exit status."""
    command = (sys.executable, "-m", "tests.simulation.doomed", stage, database_url, files_url)
    process = await asyncio.create_subprocess_exec(*command)
    return await process.wait()


@pytest.mark.parametrize("stage", STAGES)
async def test_dispatcher_killed(harness: DispatcherHarness, database_url: str, tmp_path: Path, stage: str) -> None:
    asked = await ask_for_a_mix(harness, 6)
    assert await run_doomed(stage, database_url, str(tmp_path / "files")) == -signal.SIGKILL
    left = [job for job in asked if not (await harness.store.fresh(job)).final]
    assert left
    killed_at = max(job.changed_at for job in [await harness.store.fresh(job) for job in asked])
    harness.store.db.advance(LEASE_S)  # by the database's clock, which is the one that leases go by
    async with harness.open():
        await asyncio.gather(*(harness.until(job) for job in asked))
    ended = await check(harness, asked)
    assert {job.state for job in ended} == {State.DONE}
    assert all(job.ended_at and (job.ended_at - killed_at).total_seconds() <= RECOVERY_S for job in ended)


async def kill_now_and_then(harness: DispatcherHarness, chance: random.Random, kills: int) -> None:
    changed = harness.store.db.wake.listen("changed")
    for _ in range(kills):
        for _ in range(chance.randrange(2, 12)):
            await changed.wait(2.0)
        for pid in harness.pool.pids().values():
            os.kill(pid, signal.SIGKILL)


async def kill_workers(harness: DispatcherHarness, seed: int, *, jobs: int, kills: int) -> list[Job]:
    asked = await ask_for_a_mix(harness, jobs)
    async with harness.open(step_s=0.005):
        killing = asyncio.create_task(kill_now_and_then(harness, random.Random(seed), kills))
        await asyncio.gather(*(harness.until(job) for job in asked))
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
    return await check(harness, asked)


@pytest.mark.parametrize("seed", [1, 2])
async def test_worker_killed_twice_every_job_is_done(harness: DispatcherHarness, seed: int) -> None:
    ended = await kill_workers(harness, seed, jobs=10, kills=2)
    assert {job.state for job in ended} == {State.DONE}  # three deaths are needed to give a job up


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
async def test_worker_killed_again_and_again(harness: DispatcherHarness, seed: int) -> None:
    ended = await kill_workers(harness, seed, jobs=30, kills=12)
    assert {job.error_code for job in ended} <= {None, "poison"}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
async def test_dispatcher_killed_again_and_again(
    harness: DispatcherHarness, database_url: str, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    asked = await ask_for_a_mix(harness, 12)
    for _ in range(5):  # no worker died, so no job is given up yet
        assert await run_doomed(chance.choice(STAGES), database_url, str(tmp_path / "files")) == -signal.SIGKILL
        harness.store.db.advance(LEASE_S)
        await harness.store.jobs.reap()
    async with harness.open():
        await asyncio.gather(*(harness.until(job) for job in asked))
    assert {job.state for job in await check(harness, asked)} == {State.DONE}
