"""A worker killed in the middle of a long clip, with a real store, a real pool and real weights."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from db.engine import Database
from db.queue.job import State
from inference.dispatcher.dispatcher import Dispatcher
from inference.pool.local import LocalPool, Timeouts
from inference.requests import TranscribeRequest
from inference.worker_config import WorkerConfig
from tests.support.dispatcher import FAST_INTERVALS, DispatcherHarness
from tests.support.engines.speech_workers import content


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_kill_9_in_a_long_clip_gives_one_text_and_one_charge(
    database: Database, tmp_path: Path, base: Path
) -> None:
    harness = DispatcherHarness(database, tmp_path / "files")
    before, _ = await harness.store.balances()
    await harness.files.put("uploads/1/clip.wav", content())
    request = TranscribeRequest(audio="uploads/1/clip.wav", duration_s=60.0, model="base")
    config = WorkerConfig(
        engines="tests.support.engines.speech_workers:build", options={"folder": str(base)}, threads=2
    )
    async with (
        LocalPool([config], timeouts=Timeouts(hang_s=120.0, back_off_s=0.05, look_every_s=0.05)) as pool,
        Dispatcher(jobs=harness.store.jobs, files=harness.files, pool=pool, intervals=FAST_INTERVALS),
    ):
        job = await harness.ask(request, price=2)
        while not await harness.files.exists(f"jobs/{job.id}/checkpoint-1"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the file store has no wake-ups
        os.kill(pool.pids()["cpu"], signal.SIGKILL)
        ended = await harness.until(job)
        undisturbed = await harness.until(await harness.ask(request, price=2))
    assert (ended.state, ended.attempt, ended.charged) == (State.DONE, 2, 2)
    assert await harness.store.balances() == (before - 4, 0)
    assert ended.outcome["text"] == undisturbed.outcome["text"]
    assert set(ended.outcome["files"]) == {"transcript.txt", "transcript.srt", "transcript.vtt"}
    subtitles = await harness.files.get(f"jobs/{job.id}/transcript.srt")
    assert subtitles.startswith(b"1\n00:00:0")
