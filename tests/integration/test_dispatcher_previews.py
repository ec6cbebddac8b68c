"""Previews in the dispatcher: none stays when all is over, and none holds a heartbeat up."""

import asyncio
from pathlib import Path
from typing import cast

from db.files import FileStore
from inference.dispatcher import Intervals
from inference.dispatcher.job_runner import JobRunner
from inference.dispatcher.runner_context import RunnerContext
from inference.dispatcher.runner_events import Interrupt
from inference.messages import Preview
from inference.pool import Pool
from tests.support.dispatcher import DispatcherHarness, sqlite_only
from tests.support.fakes.requests import image_request


class LatePreview(FileStore):
    """A store that writes a preview when it is told to."""

    tell: asyncio.Event

    async def put(self, key: str, content: bytes) -> None:
        if key.endswith("preview.webp"):
            await self.tell.wait()
        await super().put(key, content)


@sqlite_only
async def test_preview_that_is_written_when_all_is_over_does_not_stay(
    harness: DispatcherHarness, tmp_path: Path
) -> None:
    harness.files = store = LatePreview(str(tmp_path / "files"))
    store.tell = asyncio.Event()
    async with harness.open(step_s=0.01):
        job = await harness.until(await harness.ask(image_request(steps=60, count=1)))
        store.tell.set()
    assert await harness.files.list(f"jobs/{job.id}") == [f"jobs/{job.id}/1.png"]


class StuckPreview(FileStore):
    """A store that takes for ever to write a preview."""

    stuck: asyncio.Event

    async def put(self, key: str, content: bytes) -> None:
        if key.endswith("preview.webp"):
            self.stuck.set()
            await asyncio.Event().wait()
        await super().put(key, content)


@sqlite_only
async def test_preview_that_is_written_slowly_holds_no_heartbeat_up(harness: DispatcherHarness, tmp_path: Path) -> None:
    harness.files = store = StuckPreview(str(tmp_path / "files"))
    store.stuck = asyncio.Event()
    intervals = Intervals(heartbeat_s=0.05, reap_s=0.1, drain_s=0.1, close_s=0.1)
    async with harness.open(step_s=0.01, intervals=intervals), asyncio.timeout(60):
        await harness.ask(image_request("hold"))
        await store.stuck.wait()
        bystander = await harness.until_progress(await harness.ask(image_request("hold")))
        harness.store.db.advance(29)
        changed = harness.store.db.wake.listen("changed")
        while (await harness.store.fresh(bystander)).lease_until == bystander.lease_until:
            await changed.wait(1.0)


class NoPool:
    """A pool in which nothing runs."""

    async def cancel(self, job_id: str, *, keep: bool = False) -> None:
        pass


async def previews_written(runner: JobRunner) -> None:
    while (task := runner.files.previews.task) is not None and not task.done():
        await asyncio.wait([task])


@sqlite_only
async def test_preview_that_comes_when_all_is_over_is_not_written(harness: DispatcherHarness) -> None:
    await harness.ask(image_request())
    (job,) = await harness.store.claim(owner="this dispatcher")
    context = RunnerContext(
        owner="this dispatcher", jobs=harness.store.jobs, files=harness.files, pool=cast(Pool, NoPool())
    )
    runner = JobRunner(job, context)
    assert not runner.report().preview
    runner.note(Preview(job.id, job.attempt, b"half"))
    await previews_written(runner)
    assert runner.report().preview
    assert runner.report().preview  # until the store has noted it
    runner.noted()
    assert not runner.report().preview
    runner.send(Interrupt.CANCELLED)
    await runner.run()
    runner.note(Preview(job.id, job.attempt, b"nearly"))
    await previews_written(runner)
    assert not runner.report().preview
    assert await harness.files.list(f"jobs/{job.id}") == []
