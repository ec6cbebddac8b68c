"""The dispatcher with trainings and subjects: what is kept when they end early, or their workers do."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from db.file_keys import checkpoint_name
from db.files import FileStore
from db.people.subjects import delete_subject
from db.queue.job import Job, State
from inference.dispatcher import Intervals
from inference.dispatcher.inputs import CHECKPOINT, load_task
from inference.requests import SubjectUse
from tests.support.db.subjects import create, draft
from tests.support.dispatcher import MEMBER, DispatcherHarness, sqlite_only
from tests.support.fakes.requests import image_request, train_request


@sqlite_only
async def test_cancel_of_a_training_keeps_what_it_has_and_charges_the_steps_that_were_run(
    harness: DispatcherHarness,
) -> None:
    async with harness.open(step_s=0.01):
        job = await harness.until_progress(await harness.ask(train_request("hold", steps=100), price=100))
        await harness.store.jobs.cancel(job.id, by_user=MEMBER)
        job = await harness.until(job)
    assert job.state is State.DONE
    assert 0 < job.charged == job.outcome["steps"] < 100
    assert await harness.files.get(f"jobs/{job.id}/adapter-{job.charged:04d}.safetensors")


@sqlite_only
async def test_training_stopped_in_its_first_steps_is_not_kept_for_nothing(harness: DispatcherHarness) -> None:
    async with harness.open(step_s=0.01):
        job = await harness.until_progress(await harness.ask(train_request("hold", steps=1000), price=1))
        await harness.store.jobs.cancel(job.id, by_user=MEMBER)
        job = await harness.until(job)
    assert (job.state, job.charged) == (State.DONE, 1)
    assert job.outcome["steps"] < 1000


@sqlite_only
async def test_training_killed_goes_on_from_its_checkpoint(harness: DispatcherHarness) -> None:
    async with harness.open(step_s=0.02):
        job = await harness.ask(train_request(steps=60), price=6)
        while not await harness.files.exists(f"jobs/{job.id}/checkpoint-1"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the file store has no wake-ups
        os.kill(harness.pool.pids()["cpu"], signal.SIGKILL)
        job = await harness.until(job)
    assert (job.state, job.attempt, job.charged) == (State.DONE, 2, 6)
    assert await harness.files.list(f"jobs/{job.id}") == [
        f"jobs/{job.id}/{name}-{step:04d}.{kind}"
        for name, kind in (("adapter", "safetensors"), ("film", "png"))
        for step in range(5, 61, 5)
    ]


async def lost_while_stopping(harness: DispatcherHarness, checkpoint: bytes | None, *, in_line: bool = False) -> Job:
    """Return how a training ends whose dispatcher is gone when it is asked to stop.

    Args:
        in_line: it is back in line before it is asked.
    """
    job = await harness.ask(train_request("stall", steps=100), price=100)
    await harness.store.db.write(create, draft(job_id=job.id))
    await harness.store.claim(kinds=["train"], owner="lost")
    if checkpoint is not None:
        await harness.files.put(f"jobs/{job.id}/checkpoint-1", checkpoint)
    if in_line:
        harness.store.db.advance(60)
        assert await harness.store.jobs.reap() == [job.id]
    await harness.store.jobs.cancel(job.id, by_user=MEMBER)
    harness.store.db.advance(60)
    async with harness.open(step_s=0.01):
        return await harness.until(job)


@pytest.mark.parametrize("in_line", [False, True])
async def test_training_that_was_to_stop_when_its_worker_was_lost_ends_from_its_checkpoint(
    harness: DispatcherHarness, in_line: bool
) -> None:
    job = await lost_while_stopping(harness, b"30", in_line=in_line)
    assert (job.state, job.attempt, job.outcome["steps"], job.charged) == (State.DONE, 2, 30, 30)
    assert await harness.files.exists(f"jobs/{job.id}/adapter-0030.safetensors")


@sqlite_only
@pytest.mark.parametrize("in_line", [False, True])
@pytest.mark.parametrize("checkpoint", [None, b"0"], ids=["none", "of no use"])
async def test_training_that_was_to_stop_and_has_nothing_costs_nothing(
    harness: DispatcherHarness, checkpoint: bytes | None, in_line: bool
) -> None:
    before, _ = await harness.store.balances()
    job = await lost_while_stopping(harness, checkpoint, in_line=in_line)
    assert (job.state, job.charged) == (State.CANCELLED, 0)
    assert await harness.store.balances() == (before, 0)


class SlowFilm(FileStore):
    """A store that is slow with pictures, and remembers in which order it had written what."""

    written: list[str]

    async def put(self, key: str, content: bytes) -> None:
        if key.endswith(".png"):
            await asyncio.sleep(0.05)
        await super().put(key, content)
        self.written.append(key.rpartition("/")[2])


@sqlite_only
async def test_checkpoint_is_written_after_what_came_before_it(harness: DispatcherHarness, tmp_path: Path) -> None:
    """Whoever goes on from it does not make that again."""
    harness.files = store = SlowFilm(str(tmp_path / "files"))
    store.written = []
    async with harness.open():
        await harness.until(await harness.ask(train_request(steps=10)))
    checkpoints = [at for at, name in enumerate(store.written) if name == "checkpoint-1"]
    films = [store.written.index(f"film-{step:04d}.png") for step in (5, 10)]
    assert len(checkpoints) == len(films)
    assert all(film < checkpoint for film, checkpoint in zip(films, checkpoints, strict=True))


async def test_adapter_of_a_deleted_subject_leaves_the_workers_memory(harness: DispatcherHarness) -> None:
    kept, gone = [(await harness.store.db.write(create, draft(number))).id for number in (1, 2)]
    for subject_id in (kept, gone):
        await harness.files.put(f"subjects/{subject_id}/adapter.safetensors", b"adapter")
    uses = (SubjectUse(kept), SubjectUse(gone))
    async with harness.open():
        await harness.until(await harness.ask(image_request(subjects=uses)))
        assert set(harness.pool.loads()["cpu"].adapters) == {kept, gone}
        await harness.store.db.write(delete_subject, gone)
        async with asyncio.timeout(60):
            while set(harness.pool.loads()["cpu"].adapters) != {kept}:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # a worker's load has no wake-ups


class LateCheckpoint(FileStore):
    """A store that writes the first checkpoint when it is told to."""

    begun: asyncio.Event
    tell: asyncio.Event
    written: asyncio.Event

    async def put(self, key: str, content: bytes) -> None:
        late = "checkpoint" in key and not self.begun.is_set()
        if late:
            self.begun.set()
            await self.tell.wait()
        await super().put(key, content)
        if late:
            self.written.set()


@sqlite_only
async def test_checkpoint_that_comes_late_does_not_replace_that_of_a_later_attempt(
    harness: DispatcherHarness, tmp_path: Path
) -> None:
    harness.files = store = LateCheckpoint(str(tmp_path / "files"))
    store.begun, store.tell, store.written = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with harness.open(slots=1, step_s=0.01, intervals=Intervals(heartbeat_s=3600.0, reap_s=3600.0, drain_s=0.1)):
        job = await harness.ask(train_request("hold", steps=1000), price=100)
        await store.begun.wait()
        harness.store.db.advance(60)
        later = await next_attempt(harness, job)
        await harness.files.put(f"jobs/{job.id}/{checkpoint_name(later.attempt)}", b"500")
        store.tell.set()
        await store.written.wait()
        harness.store.db.advance(60)
        task = await load_task(await next_attempt(harness, job), harness.files)
    assert task.inputs[CHECKPOINT] == b"500"


async def next_attempt(harness: DispatcherHarness, job: Job) -> Job:
    """Let another dispatcher have a job whose lease has run out."""
    assert await harness.store.jobs.reap() == [job.id]
    (claimed,) = await harness.store.claim(kinds=["train"], owner="another dispatcher")
    return claimed
