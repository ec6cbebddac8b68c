"""Who is drawn when: previews by the clock, groups taking turns, more lanes than fit."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from inference.engines.image.models.loading import ModelCache
from inference.messages import Finished, Output, Preview, Progress
from tests.support.engines.studio import Studio, make_request
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
def timed(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Studio]:
    studio = Studio(make_spec(request.getfixturevalue(request.param)), clock=clock)
    yield studio
    studio.close()


def previews(studio: Studio, job_id: str) -> list[Preview]:
    return [event for event in studio.jobs[job_id].events if isinstance(event, Preview)]


def test_preview_comes_every_three_seconds_and_shows_all_pictures(timed: Studio, clock: Clock) -> None:
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
    studio = Studio(make_spec(sd_folder), models=models, lanes_max=2)
    studio.admit("many", make_request(count=8, steps=10))
    studio.admit("one", make_request(steps=10))
    studio.step_until(lambda: isinstance(_last(studio, "one"), Finished))
    progress = [event for event in studio.jobs["many"].events if isinstance(event, Progress)]
    assert 8 <= progress[-1].done <= 14  # as many lane-steps as the other, not eight times as many
    studio.close()


def test_groups_of_different_size_take_turns(studio: Studio) -> None:
    studio.admit("small", make_request(steps=8))
    studio.admit("wide", make_request(steps=8, width_px=32))
    turns: list[str] = []
    while studio.engine.busy():
        turns += [event.job_id for event in studio.step() if isinstance(event, Progress)]
    assert sorted(turns[:6]) == ["small"] * 3 + ["wide"] * 3


def test_newcomer_joins_between_steps_and_may_end_first(studio: Studio) -> None:
    studio.admit("long", make_request(steps=30))
    studio.step_until(lambda: bool(studio.jobs["long"].events))
    studio.admit("short", make_request(steps=2))
    studio.step_until(lambda: isinstance(_last(studio, "short"), Finished))
    assert studio.engine.busy()
    studio.finish()
    assert isinstance(_last(studio, "long"), Finished)


def test_slots_are_free_until_a_pass_is_full(sd_folder: Path, models: ModelCache) -> None:
    studio = Studio(make_spec(sd_folder), models=models, lanes_max=8)
    free = [studio.engine.free_slots()]
    for number, count in enumerate((1, 4, 4)):
        studio.admit(f"job-{number}", make_request(count=count))
        free.append(studio.engine.free_slots())
    assert free == [2, 2, 1, 0]
    studio.finish()
    assert studio.engine.free_slots() == 2
    studio.close()


def test_slots_are_never_more_than_the_operator_allows(sd_folder: Path, models: ModelCache) -> None:
    studio = Studio(make_spec(sd_folder), models=models, lanes_max=64, slots=3)
    studio.admit("job", make_request())
    assert studio.engine.free_slots() == 2
    studio.close()


def test_picture_is_enlarged_as_the_catalogue_says(sd_folder: Path, models: ModelCache) -> None:
    studio = Studio(make_spec(sd_folder, upscale=4), models=models)
    outcome = studio.draw(make_request(width_px=16, height_px=24))
    assert outcome.pictures["picture-1.png"].shape == (96, 64, 3)
    output = next(event for event in outcome.events if isinstance(event, Output))
    assert output.meta == {"seed": 1, "width": 64, "height": 96}
    text = Image.open(io.BytesIO(output.content)).text["parameters"]  # type: ignore[attr-defined]
    assert text.startswith("a red heart\nSteps: 4, Sampler: DPM++ 2M, CFG scale: 5, Seed: 1, Size: 16x24, Model: tiny")
    studio.close()


def _last(studio: Studio, job_id: str) -> object:
    return studio.jobs[job_id].events[-1] if studio.jobs[job_id].events else None
