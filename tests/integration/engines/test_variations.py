"""Variations: a little of another seed's noise, turned as AUTOMATIC1111 turns it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bot.shared.files.pictures import read_parameters
from inference.engines.image.schedulers import make_scheduler
from inference.engines.image.starts import vary
from inference.messages import Output
from inference.requests import InitPicture, Variation, from_json, to_json
from tests.support.engines.harness import EngineHarness, assert_same, make_request, saved
from tests.support.engines.init_pictures import picture_of
from tests.support.tiny_models import make_spec


def turned(own: torch.Tensor, other: torch.Tensor, share: float) -> torch.Tensor:
    """Turn noise (C, h, w) towards another column by column, by numbers alone."""
    result = torch.empty_like(own)
    for channel in range(own.shape[0]):
        for column in range(own.shape[2]):
            one, two = own[channel, :, column].double(), other[channel, :, column].double()
            angle = torch.acos(torch.dot(one, two) / (one.norm() * two.norm()))
            parts = torch.sin((1 - share) * angle) * one + torch.sin(share * angle) * two
            result[channel, :, column] = parts / torch.sin(angle)
    return result


@pytest.mark.parametrize("scheduler", ["dpm++", "euler-a"])
@pytest.mark.parametrize("strength", [0.0, 0.2, 1.0])
def test_variation_is_what_diffusers_draws_from_turned_noise(sd_folder: Path, scheduler: str, strength: float) -> None:
    harness, pipeline = EngineHarness(make_spec(sd_folder, scheduler=scheduler)), saved(sd_folder)
    request = make_request(steps=5, count=2, seed=3, width_px=24, variation=Variation(seed=11, strength=strength))
    outcome = harness.draw(request)
    base = pipeline.scheduler
    for index in range(2):
        generator = torch.Generator("cpu").manual_seed(3)
        own = torch.randn(4, 8, 12, generator=generator)
        other = torch.randn(4, 8, 12, generator=torch.Generator("cpu").manual_seed(11 + index))
        pipeline.scheduler = make_scheduler(base, scheduler, request.steps)
        expected = pipeline(
            request.prompt,
            width=24,
            height=16,
            latents=turned(own, other, strength)[None],
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            generator=generator,
        ).images[0]
        assert_same(outcome.pictures[f"picture-{index + 1}.png"], np.asarray(expected).astype(np.int16))
    harness.close()


def test_variation_is_in_the_parameters_as_others_write_it(harness: EngineHarness) -> None:
    outcome = harness.draw(make_request(count=2, seed=3, variation=Variation(seed=11, strength=0.25)))
    written = [read_parameters(event.content) for event in outcome.events if isinstance(event, Output)]
    for index, text in enumerate(written):
        assert f"Seed: 3, Size: 16x16, Model: tiny, Variation seed: {11 + index}, Variation seed strength: 0.25" in text
    assert outcome.finished.summary["seeds"] == [3, 3]


def test_variation_begins_from_a_picture_too(harness: EngineHarness) -> None:
    plain = make_request(init=InitPicture(key="1", strength=0.5))
    drawn = []
    for strength in (0.0, 0.9):
        request = make_request(init=plain.init, variation=Variation(seed=11, strength=strength))
        assert from_json(to_json(request)) == request
        drawn.append(harness.draw(request, picture_of(request)).pictures["picture-1.png"])
    assert_same(drawn[0], harness.draw(plain, picture_of(plain)).pictures["picture-1.png"])
    assert abs(drawn[1] - drawn[0]).max() > 8


@pytest.mark.parametrize("variation", [Variation(seed=-1, strength=0.5), Variation(seed=1, strength=1.5)])
def test_variation_out_of_bounds_is_refused(harness: EngineHarness, variation: Variation) -> None:
    assert "variation" in harness.draw(make_request(variation=variation)).failed.message


def test_noise_of_a_single_row_is_mixed_where_it_cannot_be_turned() -> None:
    own = torch.randn(1, 4, 1, 16, generator=torch.Generator("cpu").manual_seed(3))
    other = torch.randn(1, 4, 1, 16, generator=torch.Generator("cpu").manual_seed(11))
    varied = vary(own, Variation(seed=11, strength=0.25), 0)
    assert torch.allclose(varied, 0.75 * own + 0.25 * other)
