"""No pass waits for its device: nothing is read from it, and nothing brought there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from inference.engines.image.adapters.weights import AdapterSet
from inference.engines.image.families.registry import family_of
from inference.engines.image.lane import Lane, make_lanes
from inference.engines.image.models.loading import locate
from inference.engines.image.models.skeletons import META, build_skeleton, meta_is_a_device
from inference.engines.image.passes import BatchedDenoiser
from tests.support.engines.harness import make_request
from tests.support.engines.no_waiting import no_waiting
from tests.support.tiny_families import TINY
from tests.support.tiny_models import make_spec

SCHEDULERS = {"sd": ("dpm++", "euler", "ddim")}  # 'euler-a' draws noise on the CPU at each step
# where texts have several lengths, diffusers' transformer for Qwen-Image brings one number there, and drops it
ONE_LENGTH = {"qwen-image"}
CASES = [(family, scheduler) for family in TINY for scheduler in SCHEDULERS.get(family, ("model",))]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def folder(family: str) -> Path:
        if family not in made:
            made[family] = TINY[family](tmp_path_factory.mktemp("models") / family)
        return made[family]

    return folder


def lanes_of(denoiser: BatchedDenoiser, scheduler: str) -> list[Lane]:
    """Return lanes at several guidances, steps and lengths of text, on the meta device."""
    model, family, lanes = denoiser.model, family_of(denoiser.model.spec), []
    for steps, guidance, length in ((5, 5.0, 9), (6, 1.0, 6)):
        tokens = 9 if family.name in ONE_LENGTH else length
        conditioning = family.blank_conditioning(model, family.rows(model, guidance), tokens)
        request = make_request(steps=steps, guidance=guidance)
        lanes += make_lanes(model, request, conditioning, AdapterSet(), job_id=str(steps), scheduler_name=scheduler)
    return lanes


@pytest.mark.parametrize(("family", "scheduler"), CASES)
def test_pass_neither_reads_from_its_device_nor_brings_anything_there(
    folders: Callable[[str], Path], family: str, scheduler: str
) -> None:
    spec = make_spec(folders(family), family=family)
    with meta_is_a_device():
        denoiser = BatchedDenoiser(build_skeleton(spec, locate(spec), torch.float32))
        lanes = lanes_of(denoiser, scheduler)
        denoiser.advance(lanes)  # diffusers' networks keep tables of positions from their first pass
        with no_waiting():
            denoiser.advance(lanes, previews=frozenset({"5"}))
            denoiser.advance(lanes[1:])  # another company
    assert [lane.position for lane in lanes] == [2, 3]
    assert all(lane.latents.device == META for lane in lanes)


@pytest.mark.parametrize(
    "wait",
    [
        lambda tensor: tensor.to(META),
        lambda _: torch.tensor([1.0], device=META),
        lambda _: torch.zeros(2, device=META).copy_(torch.zeros(2)),
        lambda _: torch.zeros(2, device=META).to("cpu"),
        lambda _: torch.zeros((), device=META).item(),
    ],
)
def test_what_waits_is_seen(wait: Callable[[torch.Tensor], Any]) -> None:
    with pytest.raises((AssertionError, NotImplementedError, RuntimeError)), no_waiting():
        wait(torch.zeros(2))
