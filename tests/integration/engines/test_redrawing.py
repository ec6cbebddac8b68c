"""A picture that overflows in half precision is drawn once more in float32; nobody else's is touched."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference.catalogue import ImageModel
from inference.engines.image import redrawing
from inference.engines.image.models.loading import ModelCache
from inference.messages import FailureKind, Output
from inference.requests import ImageRequest, SubjectUse
from tests.support.engines.harness import EngineHarness, assert_same, make_request, names
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_models import make_spec

OVERFLOWING = 1e4  # of an adapter's factors: what they make of activations is too large for half precision


@pytest.fixture(scope="module")
def spec(sd_folder: Path) -> ImageModel:
    return make_spec(sd_folder, name="half")


@pytest.fixture(scope="module")
def halves(spec: ImageModel) -> Iterator[ModelCache]:
    cache = ModelCache("cpu", limit_bytes=1 << 30, dtype=torch.float16)
    yield cache
    cache.close()


@pytest.fixture(scope="module")
def adapters(halves: ModelCache, spec: ImageModel) -> dict[str, bytes]:
    return {"adapter:w": make_adapter(halves.get(spec), strength=OVERFLOWING, dtype=torch.float16)}


@pytest.fixture
def harness(halves: ModelCache, spec: ImageModel) -> Iterator[EngineHarness]:
    harness = EngineHarness(spec, models=halves)
    yield harness
    assert not harness.engine._redrawer._waiting
    assert harness.engine._redrawer._denoiser is None  # the copy is gone
    harness.close()


def wild(**changes: Any) -> ImageRequest:
    return make_request(model="half", subjects=(SubjectUse("w"),), steps=3, **changes)


def quiet(**changes: Any) -> ImageRequest:
    return make_request(model="half", steps=2, **changes)


def test_picture_that_overflows_is_that_of_float32_and_others_are_as_ever(
    harness: EngineHarness, halves: ModelCache, spec: ImageModel, adapters: dict[str, bytes]
) -> None:
    alone = EngineHarness(spec, models=halves).draw(quiet()).pictures["picture-1.png"]
    harness.admit("wild", wild(count=2), adapters)
    harness.admit("quiet", quiet())
    harness.finish()
    assert_same(harness.jobs["quiet"].pictures["picture-1.png"], alone)
    outcome = harness.jobs["wild"]
    assert names(outcome) == ["picture-1.png", "picture-2.png"]
    assert outcome.finished.summary["seeds"] == [1, 2]
    singles = ModelCache("cpu", limit_bytes=1 << 30)
    single, half = singles.get(spec), halves.get(spec)
    for part, rounded in ((single.core, half.core), (single.text_encoders[0], half.text_encoders[0])):
        part.load_state_dict(rounded.state_dict())
    expected = EngineHarness(spec, models=singles).draw(wild(count=2), adapters)
    for name in names(outcome):  # both decode by themselves, this one in half precision
        assert np.abs(outcome.pictures[name] - expected.pictures[name]).mean() < 3
        assert np.ptp(outcome.pictures[name]) > 0
    singles.close()


def test_picture_that_overflows_in_float32_too_fails_after_one_more_try(
    harness: EngineHarness, halves: ModelCache, spec: ImageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, begin = [], redrawing._begin

    def counted(*given: Any) -> Any:
        tries.append(given)
        return begin(*given)

    monkeypatch.setattr(redrawing, "_begin", counted)
    bias = halves.get(spec).core.conv_out.bias
    monkeypatch.setattr(bias, "data", torch.full_like(bias, torch.nan))
    failed = harness.draw(quiet()).failed
    assert (failed.failure, failed.retry) == (FailureKind.NOT_FINITE, False)
    assert len(tries) == 1


def test_copy_that_does_not_fit_is_a_failure_like_the_first(
    harness: EngineHarness, adapters: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_model: Any) -> Any:
        raise torch.OutOfMemoryError("no memory")

    monkeypatch.setattr(redrawing, "_in_float32", full)
    assert harness.draw(wild(), adapters).failed.failure is FailureKind.NOT_FINITE


def test_job_that_is_cancelled_while_it_is_drawn_again_leaves_nothing(
    harness: EngineHarness, adapters: dict[str, bytes]
) -> None:
    harness.admit("wild", wild(count=2), adapters)
    harness.step_until(lambda: harness.engine._redrawer._again is not None)
    harness.engine.cancel("wild")
    assert not harness.engine.busy()
    assert not [event for event in harness.jobs["wild"].events if isinstance(event, Output)]
