"""What can only be seen on a GPU; skipped where there is none."""

from pathlib import Path

import pytest
import torch

from inference.engines.image.models.loading import ModelCache
from inference.messages import Progress
from inference.requests import SubjectUse
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, saved
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_models import make_spec

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_picture_on_cuda_equals_diffusers_on_cuda(sd_folder: Path) -> None:
    spec = make_spec(sd_folder)
    harness = EngineHarness(spec, models=ModelCache("cuda", limit_bytes=1 << 30, dtype=torch.float32))
    adapters = {"adapter:a": make_adapter(harness.models.get(spec), seed=1)}
    plain, mixed = make_request(count=3), make_request(subjects=(SubjectUse("a", 0.8),), steps=6)
    harness.admit("plain", plain)
    harness.step(2)
    harness.admit("mixed", mixed, adapters)
    harness.finish()
    reference = Reference(saved(sd_folder).to("cuda"), "dpm++")
    assert_same(harness.jobs["mixed"].pictures["picture-1.png"], reference.picture(mixed, 0, adapters))
    for index in range(3):
        assert_same(harness.jobs["plain"].pictures[f"picture-{index + 1}.png"], reference.picture(plain, index))
    harness.close()


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_half_precision_draws_finite_pictures(sd_folder: Path, xl_folder: Path, family: str) -> None:
    folder = sd_folder if family == "sd" else xl_folder
    harness = EngineHarness(make_spec(folder, family=family), models=ModelCache("cuda", limit_bytes=1 << 30))
    outcome = harness.draw(make_request(count=4))
    assert len(outcome.pictures) == 4
    assert outcome.finished.done == sum(1 for event in outcome.events if isinstance(event, Progress)) * 4
    harness.close()


def test_model_that_is_dropped_gives_its_memory_back(sd_folder: Path) -> None:
    before_bytes = torch.cuda.memory_allocated()
    cache = ModelCache("cuda", limit_bytes=0)
    cache.get(make_spec(sd_folder))
    assert torch.cuda.memory_allocated() > before_bytes
    cache.release("tiny")
    assert torch.cuda.memory_allocated() == before_bytes
    cache.close()
