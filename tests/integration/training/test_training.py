"""Training through the engine's protocol, on tiny models with random weights."""

import dataclasses
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch
from PIL import Image

from inference.catalogue import Catalogue
from inference.engines.image.models.loading import ModelCache
from inference.engines.training.engine import TrainingEngine
from inference.messages import Checkpoint, Failed, FailureKind, Finished, JobEvent, Output, Progress, Task
from inference.requests import SubjectUse
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, saved
from tests.support.engines.training import STEPS, output, run, task
from tests.support.tiny_models import TINY_SD, TINY_SD_V, TINY_SDXL, make_folder, make_spec


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    shapes = {"sd": TINY_SD, "sd-v": TINY_SD_V, "sdxl": TINY_SDXL}
    return {name: make_folder(shape, root / name) for name, shape in shapes.items()}


@pytest.fixture
def engine(folders: dict[str, Path], tmp_path: Path) -> Iterator[TrainingEngine]:
    specs = tuple(
        make_spec(folder, name=name, family=name.removesuffix("-v"), train_batch=2) for name, folder in folders.items()
    )
    models = ModelCache("cpu", limit_bytes=1 << 30)
    yield TrainingEngine(Catalogue(images=specs, speech=()), models, cache_dir=tmp_path / "class-pictures")
    models.close()


def weights(events: list[JobEvent], step: int = STEPS) -> dict[str, torch.Tensor]:
    return safetensors.torch.load(output(events, f"adapter-{step:04d}.safetensors"))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_training_ends_with_film_adapters_and_its_steps(engine: TrainingEngine) -> None:
    engine.admit(task())
    events = run(engine)
    names = [event.name for event in events if isinstance(event, Output)]
    assert names == ["film-0003.png", "adapter-0003.safetensors", "film-0006.png", "adapter-0006.safetensors"]
    assert [event.done for event in events if isinstance(event, Checkpoint)] == [3, 6]
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.done, last.total, last.summary["film"]) == (STEPS, STEPS, [3, 6])
    with Image.open(io.BytesIO(output(events, "film-0006.png"))) as picture:
        assert picture.size == (16, 16)
    steps_seen = [event.done for event in events if isinstance(event, Progress)]
    assert steps_seen == sorted(steps_seen)
    assert engine.free_slots() == 1


def test_training_changes_weights_with_every_film_picture(engine: TrainingEngine) -> None:
    engine.admit(task())
    events = run(engine)
    assert not same(weights(events, 3), weights(events, 6))
    assert any(tensor.abs().max() > 0 for key, tensor in weights(events).items() if "lora_B" in key)


@pytest.mark.parametrize("model", ["sd", "sd-v", "sdxl"])
def test_training_resumed_from_a_checkpoint_ends_with_equal_weights(engine: TrainingEngine, model: str) -> None:
    engine.admit(task(model))
    whole = run(engine)
    engine.admit(task(model))
    half = run(engine, until=Checkpoint)
    engine.cancel("job")
    checkpoint = next(event for event in half if isinstance(event, Checkpoint))
    engine.admit(task(model, attempt=2, checkpoint=checkpoint.content))
    rest = run(engine)
    assert next(event.done for event in rest if isinstance(event, Progress)) == 3
    assert same(weights(rest), weights(whole))
    assert output(rest, "film-0006.png") == output(whole, "film-0006.png")


def test_training_ended_early_delivers_what_it_has(engine: TrainingEngine) -> None:
    engine.admit(task(steps=50, preview_every=10))
    run(engine, until=Progress, count=2)
    engine.cancel("job", keep=True)
    events = run(engine)
    last = events[-1]
    assert isinstance(last, Finished)
    assert 0 < last.done < 50
    assert last.summary["film"][-1] == last.done
    assert weights(events, last.done)


def test_training_cancelled_leaves_at_once(engine: TrainingEngine) -> None:
    engine.admit(task())
    run(engine, until=Progress)
    engine.cancel("job")
    assert engine.step() == []
    assert (engine.free_slots(), engine.busy()) == (1, False)


def test_class_pictures_are_drawn_once_for_a_model_and_class(engine: TrainingEngine, tmp_path: Path) -> None:
    engine.admit(task(prior_weight=1.0))
    run(engine)
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "class-pictures").iterdir()}
    engine.admit(task(prior_weight=1.0, seed=9))
    run(engine)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "class-pictures").iterdir()} == files
    assert len(files) == 2  # those of the class, and the everyday things that every class has beside them


def test_damaged_class_pictures_are_drawn_again(engine: TrainingEngine, tmp_path: Path) -> None:
    engine.admit(task(prior_weight=1.0))
    first = run(engine)
    for file in (tmp_path / "class-pictures").iterdir():
        file.write_bytes(file.read_bytes()[:40])
    engine.admit(task(prior_weight=1.0))
    assert same(weights(run(engine)), weights(first))


def test_base_model_is_not_changed_by_training(engine: TrainingEngine) -> None:
    base = engine._models.get(engine._catalogue.image("sd"))
    before = {key: tensor.clone() for key, tensor in base.core.state_dict().items()}
    engine.admit(task())
    run(engine)
    assert same(before, dict(base.core.state_dict()))


@pytest.mark.parametrize("model", ["sd", "sdxl"])
def test_exported_adapter_draws_in_plain_diffusers_what_it_draws_here(
    engine: TrainingEngine, folders: dict[str, Path], model: str
) -> None:
    engine.admit(task(model, learning_rate=1e-2))
    adapters = {"adapter:s1": output(run(engine), f"adapter-{STEPS:04d}.safetensors")}
    harness, plain = EngineHarness(engine._catalogue.image(model)), Reference(saved(folders[model]), "dpm++")
    without = make_request(prompt="zkv mascot", model=model)
    request = dataclasses.replace(without, subjects=(SubjectUse("s1"),))
    drawn = harness.draw(request, adapters).pictures["picture-1.png"]
    assert_same(drawn, plain.picture(request, 0, adapters))
    assert abs(drawn - harness.draw(without).pictures["picture-1.png"]).max() > 8  # it really does something
    harness.close()


def test_exported_adapter_says_what_it_is(engine: TrainingEngine, tmp_path: Path) -> None:
    engine.admit(task())
    file = tmp_path / "adapter.safetensors"
    file.write_bytes(output(run(engine), f"adapter-{STEPS:04d}.safetensors"))
    with safetensors.safe_open(file, "pt") as opened:
        metadata = opened.metadata()
    assert metadata["modelspec.trigger_phrase"] == "zkv mascot"
    assert metadata["modelspec.license"] == "none"
    assert metadata["atelier.steps"] == str(STEPS)


def test_photo_that_is_no_picture_fails_kindly(engine: TrainingEngine) -> None:
    bad = task()
    engine.admit(Task(bad.job_id, 1, bad.request, {**bad.inputs, "photo-1": b"not a picture"}))
    last = run(engine)[-1]
    assert isinstance(last, Failed)
    assert (last.failure, last.retry) == (FailureKind.BAD_INPUT, False)
    assert engine.free_slots() == 1


def test_checkpoint_that_is_damaged_starts_over(engine: TrainingEngine) -> None:
    engine.admit(task())
    whole = run(engine)
    engine.admit(task(attempt=2, checkpoint=b"damaged"))
    assert same(weights(run(engine)), weights(whole))


def test_model_that_is_unknown_is_refused(engine: TrainingEngine) -> None:
    engine.admit(task("nobody"))
    events = engine.step()
    assert [event.failure for event in events if isinstance(event, Failed)] == [FailureKind.MODEL]


def test_second_training_is_given_back_to_wait(engine: TrainingEngine) -> None:
    engine.admit(task())
    second = task()
    engine.admit(Task("other", 1, second.request, second.inputs))
    refusals = [event for event in run(engine) if isinstance(event, Failed)]
    assert [(event.job_id, event.retry) for event in refusals] == [("other", True)]


def test_text_encoders_stay_out_of_the_adapter_when_asked(engine: TrainingEngine) -> None:
    engine.admit(task(train_text_encoder=False))
    assert all(key.startswith("unet.") for key in weights(run(engine)))


def test_layers_wait_while_a_model_is_being_built(engine: TrainingEngine) -> None:
    engine.admit(task())
    assert engine._active is not None
    engine._active.loading.result(timeout=60)
    lock: threading.Lock = engine._models.building
    with lock:
        waited = [engine.step() for _ in range(20)]
    assert all(events == [] for events in waited)
    assert isinstance(run(engine)[-1], Finished)
