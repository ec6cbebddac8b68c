"""Upscaling on a worker that draws pictures meanwhile: both get their turns, and neither changes the other."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.messages import Admit, Finished, JobEvent, Output, Progress, Task
from inference.worker import Worker
from inference.worker_config import WorkerConfig
from tests.support.engines.harness import EngineHarness, assert_same, make_request, open_picture
from tests.support.engines.upscaling import compact_network, noise, png, whole, write_compact
from tests.support.fakes.requests import upscale_request
from tests.support.tiny_models import make_spec

TURNS_MAX = 200_000
CATALOGUE = """
[[image]]
name = "tiny"
title = "Tiny"
source = "{images}"
family = "sd"
licence = "none"
width_px = 16
height_px = 16
side_max_px = 64
steps = 6
steps_max = 50
guidance = 5.0

[[upscaler]]
name = "tiny-up"
title = "Tiny"
source = "{weights}"
licence = "none"
scale = 2
tile_px = 32
"""


@pytest.fixture
def worker(sd_folder: Path, tmp_path: Path) -> Worker:
    weights = write_compact(tmp_path / "tiny.safetensors")
    (catalogue := tmp_path / "models.toml").write_text(CATALOGUE.format(images=sd_folder, weights=weights))
    return Worker(WorkerConfig(engines="inference.engines.factory:build", options={"catalogue": str(catalogue)}))


def finish(worker: Worker, *tasks: Task) -> list[JobEvent]:
    """Give a worker tasks, let it finish them all, and return what it reported."""
    for task in tasks:
        worker.handle(Admit(task))
    events: list[JobEvent] = []
    for _ in range(TURNS_MAX):
        events += worker.step()
        if not worker.has_jobs():
            return events
    raise AssertionError("the worker got nowhere")


def test_pictures_and_upscaling_take_turns_and_leave_each_other_alone(worker: Worker, sd_folder: Path) -> None:
    drawn, pixels = make_request(steps=50, count=4), noise(350, 210)
    small = {"picture": png(noise(20, 10))}
    finish(worker, Task("first", 1, make_request()), Task("second", 1, upscale_request(20, 10), small))  # to load both
    picture = {"picture": png(pixels)}
    events = finish(worker, Task("draws", 1, drawn), Task("enlarges", 1, upscale_request(350, 210), picture))
    assert sorted(event.job_id for event in events if isinstance(event, Finished)) == ["draws", "enlarges"]
    turns = [event.job_id for event in events if isinstance(event, Progress)]
    first = {job_id: turns.index(job_id) for job_id in ("draws", "enlarges")}
    last = {job_id: len(turns) - 1 - turns[::-1].index(job_id) for job_id in first}
    assert max(first.values()) < min(last.values())  # neither waited for the other's end
    outputs = {event.name: event.content for event in events if isinstance(event, Output)}
    made = np.asarray(Image.open(io.BytesIO(outputs["upscaled.png"]))).astype(np.int16)
    assert np.abs(made - whole(compact_network(), pixels)).max() <= 2
    alone = EngineHarness(make_spec(sd_folder))
    expected = alone.draw(drawn).pictures
    for name in expected:
        assert_same(open_picture(outputs[name]), expected[name])
    alone.close()
    assert "tiny-up" in worker.load().models
    assert worker.load().free["upscale"] == 2
