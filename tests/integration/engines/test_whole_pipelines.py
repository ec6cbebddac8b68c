"""What no family covers is drawn by diffusers' own pipeline: one picture at a time, its steps between everybody's."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from inference.engines.image.models.folders import check_folder
from inference.engines.image.models.loading import ModelCache
from inference.engines.image.whole.steps import PipelineSteps
from inference.errors import ModelUnusable
from inference.messages import FailureKind, Progress
from inference.requests import InitPicture, SubjectUse
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, saved
from tests.support.tiny_models import TINY_SD, make_folder, make_spec


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(TINY_SD, tmp_path_factory.mktemp("models") / "whole", seed=3)


@pytest.fixture
def harness(folder: Path, sd_folder: Path, models: ModelCache) -> Iterator[EngineHarness]:
    """An engine with a model that is asked as a whole, and one whose lanes share passes."""
    whole = make_spec(folder, name="whole", family="any-pipeline", grid_px=16)
    harness = EngineHarness(whole, make_spec(sd_folder, name="shared", scheduler="model"), models=models)
    yield harness
    harness.close()
    assert running() == 0


def running() -> int:
    return sum(thread.name == "pipeline" for thread in threading.enumerate())


def request(**changes: Any) -> Any:
    return make_request(model="whole", **changes)


@pytest.mark.parametrize("kind", ["StableDiffusionPipeline", "StableDiffusionPAGPipeline"])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_picture_equals_diffusers(
    tmp_path: Path, folder: Path, harness: EngineHarness, kind: str, guidance: float
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for part in folder.iterdir():
        (other / part.name).symlink_to(part)
    (other / "model_index.json").unlink()
    index = (folder / "model_index.json").read_text().replace("StableDiffusionPipeline", kind)
    (other / "model_index.json").write_text(index)
    asked = request(negative="blue", guidance=guidance, count=2)
    drawn = harness.draw(asked)
    reference = Reference(saved(folder), "model")
    for number in range(2):
        assert_same(drawn.pictures[f"picture-{number + 1}.png"], reference.picture(asked, number))
    unread = ["negative had no effect"] if guidance == 1.0 else []
    assert drawn.finished.summary["notes"] == [*unread, "drawn alone"]
    assert drawn.finished.done == drawn.finished.total
    assert check_folder(folder, "any-pipeline").weight_bytes == check_folder(folder, "sd").weight_bytes


def test_its_steps_lie_between_those_of_others(harness: EngineHarness, folder: Path, sd_folder: Path) -> None:
    shared = make_request(model="shared", steps=6)
    for name in ("shared", "whole"):
        harness.models.get(harness.engine._catalogue.image(name))
    harness.admit("shared", shared)
    harness.admit("whole", request(steps=6))
    harness.step_until(lambda: all(job.events for job in harness.jobs.values()))
    turns = [event.job_id for _ in range(6) for event in harness.step() if isinstance(event, Progress)]
    assert turns in (["shared", "whole"] * 3, ["whole", "shared"] * 3)
    harness.finish()
    assert_same(
        harness.jobs["whole"].pictures["picture-1.png"], Reference(saved(folder), "model").picture(request(steps=6), 0)
    )
    assert_same(
        harness.jobs["shared"].pictures["picture-1.png"], Reference(saved(sd_folder), "model").picture(shared, 0)
    )


def test_second_job_begins_when_the_first_has_ended(harness: EngineHarness, folder: Path) -> None:
    harness.admit("first", request(count=2))
    harness.admit("second", request(seed=9, prompt="a cat"))
    began: list[str] = []
    while harness.engine.busy():
        began += [event.job_id for event in harness.step() if isinstance(event, Progress)]
        assert running() <= 1
    assert began == sorted(began)
    reference = Reference(saved(folder), "model")
    assert_same(harness.jobs["first"].pictures["picture-2.png"], reference.picture(request(), 1))
    assert_same(harness.jobs["second"].pictures["picture-1.png"], reference.picture(request(seed=9, prompt="a cat"), 0))


def test_job_is_left_between_two_of_its_steps(harness: EngineHarness, folder: Path) -> None:
    harness.admit("left", request(steps=40))
    harness.step_until(lambda: len(harness.jobs["left"].events) > 2)
    harness.engine.cancel("left")
    assert running() == 0
    drawn = harness.draw(request())
    assert_same(drawn.pictures["picture-1.png"], Reference(saved(folder), "model").picture(request(), 0))
    assert not harness.jobs["left"].pictures


def test_job_that_waits_is_left_without_harm_to_the_one_that_runs(harness: EngineHarness, folder: Path) -> None:
    harness.admit("runs", request())
    harness.admit("waits", request(seed=5))
    harness.step_until(lambda: bool(harness.jobs["runs"].events))
    harness.engine.cancel("waits")
    harness.finish()
    drawn = harness.jobs["runs"].pictures["picture-1.png"]
    assert_same(drawn, Reference(saved(folder), "model").picture(request(), 0))


def test_pipeline_that_fails_fails_its_job_alone(harness: EngineHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.draw(request())
    model = harness.models.get(harness.engine._catalogue.image("whole"))
    monkeypatch.setattr(model.core.unet, "forward", lambda *_, **__: 1 / 0)
    harness.admit("fails", request())
    harness.admit("shared", make_request(model="shared"))
    harness.finish()
    assert harness.jobs["fails"].failed.failure is FailureKind.INTERNAL
    assert harness.jobs["shared"].pictures
    monkeypatch.undo()
    assert harness.draw(request()).pictures


def test_engine_that_is_closed_leaves_nothing_running(folder: Path, models: ModelCache) -> None:
    harness = EngineHarness(make_spec(folder, name="whole", family="any-pipeline", grid_px=16), models=models)
    harness.admit("left", request(steps=40))
    harness.step_until(lambda: len(harness.jobs["left"].events) > 1)
    assert running() == 1
    harness.close()
    assert running() == 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (request(subjects=(SubjectUse("a"),)), "can't show subjects"),
        (request(init=InitPicture(key="1", strength=0.5)), "can't begin from"),
    ],
)
def test_what_it_cannot_take_is_refused(harness: EngineHarness, asked: Any, told: str) -> None:
    failed = harness.draw(asked).failed
    assert failed.failure is FailureKind.BAD_INPUT
    assert told in failed.message


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("NoSuchPipeline", "diffusers has no NoSuchPipeline"),
        ("UNet2DConditionModel", "diffusers has no UNet2DConditionModel"),
        ("DDPMPipeline", "takes no prompt"),
        ("__import__('os')", "not a any-pipeline model"),
    ],
)
def test_folder_of_something_else_is_refused(tmp_path: Path, models: ModelCache, kind: str, told: str) -> None:
    folder = make_folder(TINY_SD, tmp_path / "else")
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace('"StableDiffusionPipeline"', f'"{kind}"'))
    with pytest.raises(ModelUnusable, match=told.replace("(", r"\(")):
        models.get(make_spec(folder, name=f"else-{len(kind)}", family="any-pipeline"))


def test_steps_are_taken_one_at_a_time_and_give_what_was_drawn() -> None:
    seen: list[int] = []

    def call(between: Any) -> torch.Tensor:
        for step in range(2):
            seen.append(step)
            between(None, step, None, {})
        return torch.ones(1)

    steps = PipelineSteps(call, cores=1)
    assert seen == []
    assert steps.advance() is None
    assert steps.advance() is None
    assert seen == [0, 1]
    assert steps.advance() == torch.ones(1)


def test_steps_that_are_cancelled_before_they_begin_never_do() -> None:
    steps = PipelineSteps(lambda _between: pytest.fail("it was called"))
    steps.cancel()
    assert running() == 0


def test_error_in_a_step_is_raised_to_whom_waits_for_it() -> None:
    def call(_between: Any) -> torch.Tensor:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        PipelineSteps(call).advance()
