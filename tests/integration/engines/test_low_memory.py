"""Models larger than their device: weights come for their turn and go after it, and pictures are the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.models import loading
from inference.engines.image.models.loading import ModelCache, locate
from inference.engines.image.models.model import load_model
from inference.engines.image.models.parking import Piece, module_bytes, pieces_of, working_bytes
from inference.engines.image.models.plan import LowMemory, MemoryPlan
from inference.messages import FailureKind
from inference.requests import SubjectUse
from tests.support.engines.harness import EngineHarness, make_request
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_families import TINY
from tests.support.tiny_models import make_spec

CPU, HALF = torch.device("cpu"), torch.bfloat16  # files are in float32: what was not brought would not compute


@pytest.fixture(scope="module", params=["sdxl", "z-image", "qwen-image"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return request.param, TINY[request.param](tmp_path_factory.mktemp("low") / request.param)


@pytest.fixture
def sd_low(sd_folder: Path) -> LoadedModel:
    """The tiny model with nothing of what denoises on the device."""
    spec = make_spec(sd_folder)
    return load_model(spec, locate(spec), CPU, HALF, plan=MemoryPlan(low=True))


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of the pieces that are on the device, each time that one was brought."""
    here: set[Piece] = set()
    sums: list[int] = []
    bring, park = Piece.bring, Piece.park

    def counted(piece: Piece) -> None:
        bring(piece)
        here.add(piece)
        sums.append(sum(each.size_bytes for each in here))

    def uncounted(piece: Piece) -> None:
        park(piece)
        here.discard(piece)

    monkeypatch.setattr(Piece, "bring", counted)
    monkeypatch.setattr(Piece, "park", uncounted)
    return sums


def test_pictures_are_the_same_as_with_everything_on_the_device(tiny: tuple[str, Path]) -> None:
    family, folder = tiny
    drawn = []
    for setting in (LowMemory.OFF, LowMemory.ON):
        cache = ModelCache("cpu", limit_bytes=0, dtype=HALF, low_memory=setting)
        harness = EngineHarness(make_spec(folder, family=family), models=cache)
        subjects: tuple[SubjectUse, ...] = ()
        inputs: dict[str, bytes] = {}
        if family == "sdxl":  # subjects change text encoders, too
            subjects = (SubjectUse("a"),)
            inputs = {"adapter:a": make_adapter(cache.get(make_spec(folder, family=family)), seed=1)}
        request = make_request(count=2, steps=2, guidance=3.0, subjects=subjects)
        drawn.append(harness.draw(request, inputs).pictures)
        harness.close()
        cache.close()
    assert len(drawn[0]) == 2
    for name, picture in drawn[0].items():
        np.testing.assert_array_equal(drawn[1][name], picture)


def test_only_what_computes_is_on_the_device(sd_folder: Path, brought: list[int]) -> None:
    spec = make_spec(sd_folder)
    cache = ModelCache("cpu", limit_bytes=0, dtype=HALF, low_memory=LowMemory.ON)
    harness = EngineHarness(spec, models=cache)
    harness.draw(make_request(steps=2))
    model = cache.get(spec)
    halves = max(working_bytes(part) for part in (model.core, *model.text_encoders)) // 2  # parked: float32
    assert 0 < max(brought) <= halves + 1024  # and whole numbers, which have no half
    assert model.parking.here_bytes == 0
    assert model.size_bytes == module_bytes(model.vae)
    harness.close()
    cache.close()


def test_what_has_room_stays(sd_folder: Path, sd_low: LoadedModel) -> None:
    spec = make_spec(sd_folder)
    whole = load_model(spec, locate(spec), CPU, HALF)
    core_bytes = module_bytes(whole.core)
    for room_bytes, stays in ((0, 0.0), (core_bytes // 2, 0.5), (core_bytes, 1.0)):
        model = load_model(spec, locate(spec), CPU, HALF, plan=MemoryPlan(low=True, core_bytes=room_bytes))
        kept_bytes = model.size_bytes - module_bytes(model.vae)
        assert 0.7 * stays * core_bytes <= kept_bytes <= room_bytes
    assert sd_low.size_bytes == module_bytes(sd_low.vae)


def test_pieces_are_small_and_blocks_of_their_network(sd_low: LoadedModel) -> None:
    pieces = list(pieces_of(sd_low.core))
    assert len(pieces) > 5
    assert len({id(tensor) for piece in pieces for tensor in piece.parameters()}) == sum(
        len(list(piece.parameters())) for piece in pieces
    )


def test_pass_that_runs_out_of_memory_leaves_nothing_on_the_device(
    sd_folder: Path,
) -> None:
    cache = ModelCache("cpu", limit_bytes=0, low_memory=LowMemory.ON)
    spec = make_spec(sd_folder)
    model = cache.get(spec)
    layer = [each for each in model.core.modules() if isinstance(each, nn.Conv2d)][-2]

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("no memory")

    layer.register_forward_pre_hook(full)
    harness = EngineHarness(spec, models=cache)
    assert harness.draw(make_request()).failed.failure is FailureKind.OUT_OF_MEMORY
    assert model.parking.here_bytes == 0
    harness.close()
    cache.close()


def test_training_keeps_everything_until_it_ends(sd_low: LoadedModel) -> None:
    tokens = torch.ones(1, 4, dtype=torch.int64)
    sd_low.parking.hold()
    with torch.inference_mode():
        sd_low.text_encoders[0](tokens)
    assert {weight.dtype for part in (sd_low.core, *sd_low.text_encoders) for weight in part.parameters()} == {HALF}
    sd_low.parking.let_go()
    assert sd_low.parking.here_bytes == 0
    sd_low.text_encoders[0](tokens)  # gradients are on, and could be asked for
    assert sd_low.parking.here_bytes > 0


@pytest.mark.parametrize(
    ("setting", "free_bytes", "low"),
    [(LowMemory.AUTO, 1 << 40, False), (LowMemory.AUTO, 1 << 20, True), (LowMemory.OFF, 1 << 20, False)],
)
def test_cache_keeps_in_low_memory_what_does_not_fit(
    sd_folder: Path, monkeypatch: pytest.MonkeyPatch, setting: LowMemory, free_bytes: int, low: bool
) -> None:
    monkeypatch.setattr(loading, "free_bytes", lambda _: free_bytes)
    cache = ModelCache("cpu", limit_bytes=1 << 30, low_memory=setting)
    assert (cache.get(make_spec(sd_folder)).parking is not None) == low
    cache.close()
