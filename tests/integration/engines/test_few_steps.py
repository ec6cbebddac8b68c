"""Models that were distilled to few steps draw what diffusers draws of them, with nothing said in the catalogue."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    TCDScheduler,
)

from bot.shared.files.pictures import read_parameters
from inference.catalogue import BUILTIN_WEIGHTS
from inference.engines.image.schedulers import make_scheduler
from inference.messages import Output
from tests.support.engines.harness import EngineHarness, Reference, assert_same, make_request, saved
from tests.support.tiny_models import TINY_SD, TINY_SDXL, Shape, make_few_step_folder, make_spec

TOLD = {"time_cond_proj_dim": 17}  # odd: the last number is a zero


@pytest.mark.parametrize(
    ("family", "shape", "scheduler", "unet", "steps", "guidance"),
    [
        ("sd", TINY_SD, LCMScheduler, TOLD, 4, 8.0),  # a latent consistency model
        ("sdxl", TINY_SDXL, LCMScheduler, TOLD, 3, 8.0),
        ("sd", TINY_SD, LCMScheduler, {}, 4, 1.5),  # its LoRA in an ordinary model
        ("sdxl", TINY_SDXL, EulerAncestralDiscreteScheduler, {}, 1, 0.0),  # SDXL-Turbo
        ("sd", TINY_SD, EulerDiscreteScheduler, {}, 2, 0.0),  # SD-Turbo
        ("sdxl", TINY_SDXL, EulerDiscreteScheduler, {}, 4, 0.0),  # Lightning
        ("sdxl", TINY_SDXL, TCDScheduler, {}, 2, 0.0),  # Hyper-SD
    ],
)
def test_model_for_few_steps_draws_what_diffusers_draws(
    tmp_path: Path, family: str, shape: Shape, scheduler: Any, unet: dict[str, Any], steps: int, guidance: float
) -> None:
    folder = make_few_step_folder(shape, tmp_path / "few", scheduler, **unet)
    harness, reference = EngineHarness(make_spec(folder, family=family)), Reference(saved(folder), "model")
    asked = make_request(steps=steps, guidance=guidance, negative="blue", count=2)
    longer = make_request(steps=steps + 2, guidance=guidance + 1, prompt="a cat")
    harness.admit("few", asked)
    harness.step_until(lambda: bool(harness.jobs["few"].events))
    harness.admit("longer", longer)
    harness.finish()
    for index in range(2):
        drawn = harness.jobs["few"].pictures[f"picture-{index + 1}.png"]
        assert_same(drawn, reference.picture(asked, index))
    assert_same(harness.jobs["longer"].pictures["picture-1.png"], reference.picture(longer, 0))
    if unet:
        assert harness.jobs["few"].finished.total == 2 * steps
    harness.close()


def test_unet_that_is_told_the_guidance_follows_it(tmp_path: Path) -> None:
    folder = make_few_step_folder(TINY_SD, tmp_path / "few", LCMScheduler, **TOLD)
    harness = EngineHarness(make_spec(folder))
    drawn = [harness.draw(make_request(guidance=guidance)).pictures["picture-1.png"] for guidance in (1.0, 8.0)]
    assert np.abs(drawn[0] - drawn[1]).max() > 2
    harness.close()


def test_folder_of_a_latent_consistency_pipeline_is_taken(tmp_path: Path) -> None:
    folder = make_few_step_folder(TINY_SD, tmp_path / "few", LCMScheduler, **TOLD)
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", "LatentConsistencyModelPipeline"))
    harness = EngineHarness(make_spec(folder))
    (output,) = [event for event in harness.draw(make_request()).events if isinstance(event, Output)]
    assert "Sampler: LCM" in read_parameters(output.content)
    harness.close()


@pytest.mark.parametrize(
    ("base", "kind"),
    [
        (DDIMScheduler(), DPMSolverMultistepScheduler),
        (DDIMScheduler(timestep_spacing="trailing", rescale_betas_zero_snr=True), DPMSolverMultistepScheduler),
        (EulerDiscreteScheduler(), DPMSolverMultistepScheduler),
        (
            EulerDiscreteScheduler(timestep_spacing="trailing", prediction_type="v_prediction"),
            DPMSolverMultistepScheduler,
        ),
        (
            EulerDiscreteScheduler(timestep_spacing="trailing", rescale_betas_zero_snr=True),
            DPMSolverMultistepScheduler,
        ),
        (EulerDiscreteScheduler(timestep_spacing="trailing"), EulerDiscreteScheduler),
        (LCMScheduler(), LCMScheduler),
    ],
)
def test_scheduler_is_chosen_by_what_the_model_was_made_for(base: Any, kind: type) -> None:
    assert type(make_scheduler(base, "auto", 4)) is kind


def test_built_in_model_is_none_for_few_steps() -> None:
    base = DDIMScheduler.from_pretrained(BUILTIN_WEIGHTS / "scheduler", local_files_only=True)
    assert type(make_scheduler(base, "auto", 4)) is DPMSolverMultistepScheduler
