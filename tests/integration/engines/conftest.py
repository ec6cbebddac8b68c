"""Tiny models, written once for the session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.catalogue import ImageModel
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models.loading import ModelCache
from tests.support.engines.flow import CASES, FlowReference, Tried
from tests.support.engines.harness import EngineHarness, saved
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_models import TINY_SD, TINY_SD_V, TINY_SDXL, make_folder, make_spec


@pytest.fixture(scope="session")
def sd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(TINY_SD, tmp_path_factory.mktemp("models") / "sd")


@pytest.fixture(scope="session")
def v_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(TINY_SD_V, tmp_path_factory.mktemp("models") / "sd-v")


@pytest.fixture(scope="session")
def xl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(TINY_SDXL, tmp_path_factory.mktemp("models") / "sdxl")


@pytest.fixture
def sd_spec(sd_folder: Path) -> ImageModel:
    return make_spec(sd_folder)


@pytest.fixture
def harness(sd_spec: ImageModel, models: ModelCache) -> Iterator[EngineHarness]:
    harness = EngineHarness(sd_spec, models=models)
    yield harness
    harness.close()


@pytest.fixture(scope="session")
def models() -> Iterator[ModelCache]:
    """Models that stay in memory from test to test."""
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    yield cache
    cache.close()


@pytest.fixture(scope="session")
def sd_model(sd_folder: Path, models: ModelCache) -> LoadedModel:
    """The tiny model in memory, for what needs no engine."""
    return models.get(make_spec(sd_folder))


@pytest.fixture(scope="session", params=CASES)
def tried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """A family with a flow-matching transformer, with a tiny model, adapters and plain diffusers."""
    case = CASES[request.param]
    folder = case.make(tmp_path_factory.mktemp("models") / "flow")
    spec, models = make_spec(folder, family=case.family), ModelCache("cpu", limit_bytes=1 << 30)
    model = models.get(spec)
    adapters = {
        f"adapter:{name}": make_adapter(
            model, parts=("transformer",), endings=case.adapted[:layers], rank=rank, seed=seed, strength=0.6
        )
        for name, layers, rank, seed in (("a", 3, 4, 1), ("b", 99, 2, 2))
    }
    yield Tried(case, spec, models, FlowReference(saved(folder), case), adapters)
    models.close()
