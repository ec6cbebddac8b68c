"""Models in memory: shared, kept by least recent use, loaded beside the steps."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from inference.catalogue import ImageModel
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models import loading
from inference.engines.image.models.folders import CheckedFolder
from inference.engines.image.models.loading import ModelCache
from inference.engines.image.models.model import load_model
from inference.errors import ModelUnusable
from inference.messages import Progress
from tests.support.engines.harness import EngineHarness, make_request
from tests.support.tiny_models import make_spec

Load = Callable[[ImageModel, CheckedFolder, torch.device, torch.dtype | None], LoadedModel]


@pytest.fixture
def specs(sd_folder: Path) -> list[ImageModel]:
    return [make_spec(sd_folder, name=name) for name in ("first", "second", "third")]


@pytest.fixture
def two_fit(sd_model: LoadedModel) -> Iterator[ModelCache]:
    cache = ModelCache("cpu", limit_bytes=int(2.5 * sd_model.size_bytes))
    yield cache
    cache.close()


def use_briefly(cache: ModelCache, spec: ImageModel) -> LoadedModel:
    model = cache.get(spec)
    cache.release(spec.name)
    return model


def test_model_is_loaded_once(two_fit: ModelCache, specs: list[ImageModel]) -> None:
    assert use_briefly(two_fit, specs[0]) is use_briefly(two_fit, specs[0])


def test_least_recently_used_model_makes_room(two_fit: ModelCache, specs: list[ImageModel]) -> None:
    first, second, third = specs
    for spec in (first, second, first, third):
        use_briefly(two_fit, spec)
    assert two_fit.resident() == ("first", "third")


def test_model_in_use_stays_even_if_it_is_the_oldest(two_fit: ModelCache, specs: list[ImageModel]) -> None:
    two_fit.get(specs[0])
    for spec in specs[1:]:
        use_briefly(two_fit, spec)
    assert two_fit.resident() == ("first", "third")


def test_bytes_are_those_of_the_resident_models(
    two_fit: ModelCache, specs: list[ImageModel], sd_model: LoadedModel
) -> None:
    assert two_fit.size_bytes() == 0
    use_briefly(two_fit, specs[0])
    assert two_fit.size_bytes() == sd_model.size_bytes


def test_model_that_failed_is_tried_again_when_asked_again(
    two_fit: ModelCache, sd_folder: Path, tmp_path: Path
) -> None:
    later = make_spec(tmp_path / "later")
    with pytest.raises(ModelUnusable):
        two_fit.get(later)
    (tmp_path / "later").symlink_to(sd_folder, target_is_directory=True)
    assert two_fit.get(later).spec.name == "tiny"


def test_everything_unused_is_dropped_when_loading_runs_out_of_memory(
    two_fit: ModelCache, specs: list[ImageModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_briefly(two_fit, specs[0])

    def load(*arguments: object, **options: object) -> LoadedModel:
        if two_fit.resident():
            raise torch.OutOfMemoryError("no memory")
        return load_model(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "load_model", load)
    two_fit.get(specs[1])
    assert two_fit.resident() == ("second",)


def test_other_models_lanes_go_on_while_one_loads(
    two_fit: ModelCache, specs: list[ImageModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, coming = specs[:2]
    use_briefly(two_fit, here)
    read = threading.Event()

    def load(*arguments: object, **options: object) -> LoadedModel:
        assert read.wait(60)
        return load_model(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "load_model", load)
    harness = EngineHarness(here, coming, models=two_fit)
    harness.admit("waits", make_request(model="second"))
    harness.admit("drawn", make_request(model="first", steps=8))
    harness.step_until(lambda: bool(harness.jobs["drawn"].pictures))
    assert not any(isinstance(event, Progress) for event in harness.jobs["waits"].events)
    read.set()
    harness.finish()
    assert harness.jobs["waits"].pictures
    harness.close()


def test_model_is_let_go_when_its_last_job_ends(two_fit: ModelCache, specs: list[ImageModel]) -> None:
    harness = EngineHarness(*specs, models=two_fit)
    for name in ("first", "second", "third"):
        harness.admit(name, make_request(model=name, steps=50))  # so long that none ends before the last is loaded
    harness.step_until(lambda: len(two_fit.resident()) == 3)  # all in use, so beyond the limit
    harness.finish()
    assert len(two_fit.resident()) == 2
    harness.close()
