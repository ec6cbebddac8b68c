"""The dispatcher with a real store, a real pool and an engine that needs no model."""

import asyncio
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from db.credits.audit import audit
from db.engine import Database
from db.ids import NO_GUILD
from db.queue.delivery import forget_outcome
from db.queue.finding import jobs_with_withheld
from db.queue.heartbeat import HeartbeatReply
from db.queue.job import Job, State
from db.queue.job_store import JobStore
from inference.dispatcher import Intervals
from tests.support.clock import open_database
from tests.support.dispatcher import MEMBER, DispatcherHarness, sqlite_only
from tests.support.fakes.requests import image_request, transcribe_request


async def test_image_is_drawn_kept_and_charged(harness: DispatcherHarness) -> None:
    before, _ = await harness.store.balances()
    async with harness.open():
        job = await harness.until(await harness.ask(image_request("a cat", count=2, seed=3)))
    assert (job.state, job.charged) == (State.DONE, 4)
    assert job.outcome["files"]["2.png"] == {"media_type": "image/png", "seed": 4}
    assert await harness.files.get(f"jobs/{job.id}/2.png") == b"a cat:4"
    assert await harness.store.balances() == (before - 4, 0)


async def test_withheld_pictures_are_not_charged_and_are_found_by_their_server(harness: DispatcherHarness) -> None:
    before, _ = await harness.store.balances()
    async with harness.open():
        job = await harness.until(await harness.ask(image_request("flag@2 flag@3", count=4)))
        clean = await harness.until(await harness.ask(image_request("flag@9", count=4)))
    assert (job.state, job.charged, job.withheld) == (State.DONE, 2, 2)
    assert [name for name, meta in job.outcome["files"].items() if meta.get("withheld")] == ["2.png", "3.png"]
    assert await harness.files.get(f"jobs/{job.id}/2.png")  # for operators
    assert (clean.charged, clean.withheld) == (4, 0)
    assert await harness.store.balances() == (before - 6, 0)
    db, guild_id = harness.store.db, job.guild_id or NO_GUILD
    assert await db.read(jobs_with_withheld, [guild_id, guild_id + 1], 5) == [job]
    assert await db.read(jobs_with_withheld, [guild_id + 1], 5) == []
    assert await db.read(audit) == []
    await db.write(forget_outcome, job.id)
    assert await db.read(jobs_with_withheld, [guild_id], 5) == []


async def test_many_members_at_once_all_get_theirs(harness: DispatcherHarness) -> None:
    asked = await asyncio.gather(*(harness.ask(image_request(f"cat {i}"), user_id=i % 7) for i in range(20)))
    async with harness.open():
        done = await asyncio.gather(*(harness.until(job) for job in asked))
    assert {job.state for job in done} == {State.DONE}
    for index, job in enumerate(asked):
        assert await harness.files.get(f"jobs/{job.id}/1.png") == f"cat {index}:7".encode()


@sqlite_only
async def test_progress_and_preview_are_seen_while_it_runs(harness: DispatcherHarness) -> None:
    async with harness.open(step_s=0.01):
        job = await harness.until_progress(await harness.ask(image_request("hold", steps=50)))
        assert job.progress_total == 50
        changed = harness.store.db.wake.listen("changed")
        while not (await harness.store.fresh(job)).preview:
            await changed.wait(1.0)
        assert await harness.files.get(f"jobs/{job.id}/preview.webp") == b"half of " + job.id.encode()


@sqlite_only
async def test_cancel_of_a_running_picture_costs_nothing_and_leaves_nothing(harness: DispatcherHarness) -> None:
    before, _ = await harness.store.balances()
    async with harness.open(step_s=0.01):
        job = await harness.until_progress(await harness.ask(image_request("hold")))
        await harness.store.jobs.cancel(job.id, by_user=MEMBER)
        job = await harness.until(job)
        after = await harness.until(await harness.ask(image_request(), price=1))
    assert (job.state, job.charged, after.state) == (State.CANCELLED, 0, State.DONE)
    assert await harness.store.balances() == (before - 1, 0)
    assert await harness.files.list(f"jobs/{job.id}") == []


@sqlite_only
async def test_not_finite_fails_and_costs_nothing(harness: DispatcherHarness) -> None:
    before, _ = await harness.store.balances()
    async with harness.open():
        job = await harness.until(await harness.ask(image_request("nan")))
    assert (job.state, job.error_code) == (State.FAILED, "not_finite")
    assert await harness.store.balances() == (before, 0)


@sqlite_only
async def test_out_of_memory_three_times_says_so(harness: DispatcherHarness) -> None:
    async with harness.open():
        job = await harness.until(await harness.ask(image_request("oom@1")))
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "out_of_memory", 3)


@sqlite_only
async def test_missing_clip_fails_kindly(harness: DispatcherHarness) -> None:
    async with harness.open():
        job = await harness.until(await harness.ask(transcribe_request("uploads/1/gone.ogg")))
    assert (job.state, job.charged, job.error_code) == (State.FAILED, 0, "bad_input")
    assert job.error_text == "Something this job needs was deleted before its turn. Please start it again."


async def test_worker_killed_mid_step_the_job_is_drawn_by_the_next_one(harness: DispatcherHarness) -> None:
    async with harness.open(step_s=0.02):
        job = await harness.until_progress(await harness.ask(image_request(steps=40)))
        os.kill(harness.pool.pids()["cpu"], signal.SIGKILL)
        job = await harness.until(job)
    assert (job.state, job.attempt, job.blamed, job.charged) == (State.DONE, 2, 1, 4)


@sqlite_only
@pytest.mark.parametrize("fault", ["crash@2", "hang@2", "raise@2"])
async def test_poison_fails_alone_and_its_neighbours_are_drawn(harness: DispatcherHarness, fault: str) -> None:
    async with harness.open(hang_s=1.0, step_s=0.005):
        poison = await harness.ask(image_request(fault), user_id=99)
        neighbours = [await harness.ask(image_request(f"cat {i}"), user_id=i) for i in range(6)]
        ended = await asyncio.gather(*(harness.until(job) for job in (poison, *neighbours)))
    assert [job.state for job in ended] == [State.FAILED, *[State.DONE] * 6]
    assert ended[0].charged == 0
    assert await harness.store.balances(99) == (100_000, 0)


async def test_close_gives_running_jobs_back_without_blame(harness: DispatcherHarness) -> None:
    async with harness.open(step_s=0.01):
        job = await harness.until_progress(await harness.ask(image_request("hold")))
    job = await harness.store.fresh(job)
    assert (job.state, job.blamed, job.lease_owner) == (State.QUEUED, 0, None)


@sqlite_only
async def test_close_lets_what_is_nearly_done_end(harness: DispatcherHarness) -> None:
    async with harness.open(step_s=0.01, intervals=Intervals(heartbeat_s=0.05, drain_s=20.0)):
        job = await harness.until(await harness.ask(image_request(steps=30)), State.RUNNING)
    assert (await harness.store.fresh(job)).state is State.DONE


async def test_lease_lost_the_late_end_changes_nothing(harness: DispatcherHarness) -> None:
    async with harness.open(slots=1, step_s=0.02, intervals=Intervals(heartbeat_s=3600.0, reap_s=3600.0)):
        job = await harness.until(await harness.ask(image_request(steps=100)), State.RUNNING)
        harness.store.db.advance(60)
        await harness.store.jobs.reap()
        (other,) = await harness.store.claim(owner="another dispatcher")
        assert await harness.store.settle(other, charge=1)
        await harness.until(await harness.ask(image_request()))  # there is one slot: the late end came before
    job = await harness.store.fresh(job)
    assert (job.state, job.charged, job.lease_owner) == (State.DONE, 1, "another dispatcher")


async def test_late_end_of_a_deleted_job_leaves_nothing(
    harness: DispatcherHarness, caplog: pytest.LogCaptureFixture
) -> None:
    intervals = Intervals(heartbeat_s=3600.0, reap_s=3600.0)
    async with harness.open(slots=1, step_s=0.02, intervals=intervals), asyncio.timeout(60):
        job = await harness.until(await harness.ask(image_request(steps=100)), State.RUNNING)
        harness.store.db.advance(60)
        await harness.store.jobs.reap()
        (other,) = await harness.store.claim(owner="another dispatcher")
        assert await harness.store.settle(other)
        await harness.store.jobs.discard(job.id, by_user=MEMBER)
        while "ended too late" not in caplog.text or await harness.files.list(f"jobs/{job.id}"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the file store has no wake-ups
    assert await harness.files.list(f"jobs/{job.id}") == []


@sqlite_only
async def test_late_lease_of_a_worker_that_lives_costs_nothing(harness: DispatcherHarness) -> None:
    async with harness.open(step_s=0.02, intervals=Intervals(heartbeat_s=3600.0, reap_s=0.05)):
        job = await harness.until(await harness.ask(image_request(steps=60)), State.RUNNING)
        harness.store.db.advance(60)  # no heartbeat came, and it is looked for leases that ran out
        job = await harness.until(job)
    assert (job.state, job.attempt, job.blamed, job.expirations) == (State.DONE, 1, 0, 0)


class Hiccups(JobStore):
    """A store whose database goes away for the first two tries of everything."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.tries: Counter[str] = Counter()

    def _hiccup(self, what: str) -> None:
        self.tries[what] += 1
        if self.tries[what] <= 2:
            raise ConnectionError("the database is away")

    async def claim(self, **options: Any) -> list[Job]:
        self._hiccup("claim")
        return await super().claim(**options)

    async def heartbeat(self, **options: Any) -> HeartbeatReply:
        self._hiccup("heartbeat")
        return await super().heartbeat(**options)

    async def reap(self, **options: Any) -> list[str]:
        self._hiccup("reap")
        return await super().reap(**options)

    async def settle(self, **options: Any) -> bool:
        self._hiccup("settle")
        return await super().settle(**options)


@sqlite_only
async def test_database_away_for_a_while_loses_nothing(
    harness: DispatcherHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    harness.store.jobs = store = Hiccups(harness.store.db)
    async with harness.open(intervals=Intervals(heartbeat_s=0.02, reap_s=0.02, retry_s=0.02), step_s=0.02):
        job = await harness.until(await harness.ask(image_request(steps=20)))
    assert (job.state, job.attempt, job.charged) == (State.DONE, 1, 4)
    assert min(store.tries.values()) > 2


async def test_two_dispatchers_share_the_work_and_run_no_job_twice(
    harness: DispatcherHarness, database_url: str, tmp_path: Path
) -> None:
    asked = [await harness.ask(image_request(f"cat {index}", steps=10), user_id=index) for index in range(12)]
    async with open_database(database_url) as database:
        other = DispatcherHarness(database, tmp_path / "files")
        async with harness.open(slots=2, step_s=0.01), other.open(slots=2, step_s=0.01):
            done = await asyncio.gather(*(harness.until(job) for job in asked))
    assert {(job.state, job.attempt, job.charged) for job in done} == {(State.DONE, 1, 4)}
    assert len({job.lease_owner for job in done}) == 2


@asynccontextmanager
async def dispatcher_alone(database_url: str, files: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `python -m inference.dispatcher`, as a cluster does."""
    environment = os.environ | {"DATABASE_URL": database_url, "FILES_URL": str(files), "DEVICES": "cpu"}
    environment |= {"ENGINES": "tests.support.acceptance.engines:build", "ATELIER_TEST_STEP_S": "0.02"}
    environment |= {"LOG_LEVEL": "ERROR"}
    command = (sys.executable, "-m", "inference.dispatcher", "--data_dir", str(files.parent))
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_alone_draws_and_gives_back_when_told_to_stop(database_url: str, tmp_path: Path) -> None:
    async with (
        Database.from_url(database_url) as database,  # by everybody's clock, as that process
        dispatcher_alone(database_url, tmp_path / "files") as process,
    ):
        harness = DispatcherHarness(database, tmp_path / "files")
        done = await harness.until(await harness.ask(image_request()))
        long = await harness.until_progress(await harness.ask(image_request("hold")))
        process.terminate()
        assert await process.wait() == 0
        long = await harness.store.fresh(long)
    assert done.state is State.DONE
    assert await harness.files.exists(f"jobs/{done.id}/1.png")
    assert (long.state, long.blamed) == (State.QUEUED, 0)
