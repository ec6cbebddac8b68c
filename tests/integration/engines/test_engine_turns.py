"""Who is drawn when: previews by the clock, groups taking turns, more lanes than fit."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from inference.engines.image.models.loading import ModelCache
from inference.messages import Finished, Output, Preview, Progress
from tests.support.engines.harness import EngineHarness, make_request
from tests.support.tiny_models import make_spec


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sd_folder", "v_folder"], ids=["linear", "tiny-autoencoder"])
def timed(request: pytest.FixtureRequest, clock: Clock) -> Iterator[EngineHarness]:
    harness = EngineHarness(make_spec(request.getfixturevalue(request.param)), clock=clock)
    yield harness
    harness.close()


def previews(harness: EngineHarness, job_id: str) -> list[Preview]:
    return [event for event in harness.jobs[job_id].events if isinstance(event, Preview)]


def test_preview_comes_every_three_seconds_and_shows_all_pictures(timed: EngineHarness, clock: Clock) -> None:
    timed.admit("slow", make_request(steps=40, count=3))
    timed.step_until(lambda: bool(timed.jobs["slow"].events))
    timed.step(3)
    assert previews(timed, "slow") == []
    clock.now_s += 3
    timed.step_until(lambda: bool(previews(timed, "slow")))
    timed.step(3)
    assert len(previews(timed, "slow")) == 1
    sheet = Image.open(io.BytesIO(previews(timed, "slow")[0].content))
    assert sheet.format == "WEBP"
    assert max(sheet.size) == 512
    clock.now_s += 3
    timed.step_until(lambda: len(previews(timed, "slow")) == 2)


def test_every_job_gets_as_many_steps_when_not_all_lanes_fit(sd_folder: Path, models: ModelCache) -> None:
    harness = EngineHarness(make_spec(sd_folder), models=models, lanes_max=2)
    harness.admit("many", make_request(count=8, steps=10))
    harness.admit("one", make_request(steps=10))
    harness.step_until(lambda: isinstance(_last(harness, "one"), Finished))
    progress = [event for event in harness.jobs["many"].events if isinstance(event, Progress)]
    assert 8 <= progress[-1].done <= 14  # as many lane-steps as the other, not eight times as many
    harness.close()


def test_groups_of_different_size_take_turns(harness: EngineHarness) -> None:
    harness.admit("small", make_request(steps=8))
    harness.admit("wide", make_request(steps=8, width_px=32))
    turns: list[str] = []
    while harness.engine.busy():
        turns += [event.job_id for event in harness.step() if isinstance(event, Progress)]
    assert sorted(turns[:6]) == ["small"] * 3 + ["wide"] * 3


def test_newcomer_joins_between_steps_and_may_end_first(harness: EngineHarness) -> None:
    harness.admit("long", make_request(steps=30))
    harness.step_until(lambda: bool(harness.jobs["long"].events))
    harness.admit("short", make_request(steps=2))
    harness.step_until(lambda: isinstance(_last(harness, "short"), Finished))
    assert harness.engine.busy()
    harness.finish()
    assert isinstance(_last(harness, "long"), Finished)


def test_slots_are_free_until_a_pass_is_full(sd_folder: Path, models: ModelCache) -> None:
    harness = EngineHarness(make_spec(sd_folder), models=models, lanes_max=8)
    free = [harness.engine.free_slots()]
    for number, count in enumerate((1, 4, 4)):
        harness.admit(f"job-{number}", make_request(count=count))
        free.append(harness.engine.free_slots())
    assert free == [2, 2, 1, 0]
    harness.finish()
    assert harness.engine.free_slots() == 2
    harness.close()


def test_slots_are_never_more_than_the_operator_allows(sd_folder: Path, models: ModelCache) -> None:
    harness = EngineHarness(make_spec(sd_folder), models=models, lanes_max=64, slots=3)
    harness.admit("job", make_request())
    assert harness.engine.free_slots() == 2
    harness.close()


def test_picture_is_enlarged_as_the_catalogue_says(sd_folder: Path, models: ModelCache) -> None:
    harness = EngineHarness(make_spec(sd_folder, upscale=4), models=models)
    outcome = harness.draw(make_request(width_px=16, height_px=24))
    assert outcome.pictures["picture-1.png"].shape == (96, 64, 3)
    output = next(event for event in outcome.events if isinstance(event, Output))
    assert output.meta == {"seed": 1, "width": 64, "height": 96}
    text = Image.open(io.BytesIO(output.content)).text["parameters"]  # type: ignore[attr-defined]
    assert text.startswith("a red heart\nSteps: 4, Sampler: DPM++ 2M, CFG scale: 5, Seed: 1, Size: 16x24, Model: tiny")
    harness.close()


def _last(harness: EngineHarness, job_id: str) -> object:
    return harness.jobs[job_id].events[-1] if harness.jobs[job_id].events else None
