"""The schedulers that lanes are stepped by: diffusers' own objects, one for each lane."""

import inspect
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)

_KINDS: Mapping[str, Any] = MappingProxyType(
    {
        "dpm++": DPMSolverMultistepScheduler,
        "euler": EulerDiscreteScheduler,
        "euler-a": EulerAncestralDiscreteScheduler,
        "ddim": DDIMScheduler,
    }
)

# as AUTOMATIC1111 writes them into pictures, so that other programs know them
_SAMPLER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "DPMSolverMultistepScheduler": "DPM++ 2M",
        "EulerDiscreteScheduler": "Euler",
        "EulerAncestralDiscreteScheduler": "Euler a",
        "DDIMScheduler": "DDIM",
        "PNDMScheduler": "PLMS",
        "LMSDiscreteScheduler": "LMS",
        "HeunDiscreteScheduler": "Heun",
        "UniPCMultistepScheduler": "UniPC",
        "LCMScheduler": "LCM",
        "TCDScheduler": "TCD",
        "FlowMatchEulerDiscreteScheduler": "Euler",
    }
)


def make_scheduler(base: Any, name: str, steps: int) -> Any:
    """Return a fresh scheduler set to `steps` steps.

    Args:
        base: the model's own scheduler, whose training schedule and prediction type are kept.
        name: as in the catalogue; 'model' is the folder's own kind, and 'auto' that of a model for few steps, else
            DPM++.
        steps: of denoising.

    Raises:
        KeyError: there is no scheduler of that name.
    """
    if name == "auto":
        name = "model" if is_for_few_steps(base) else "dpm++"
    kind = type(base) if name == "model" else _KINDS[name]
    scheduler = kind.from_config(base.config)
    # on the CPU: what a scheduler reads of its own timesteps must not wait for the device
    scheduler.set_timesteps(steps, device="cpu")
    return scheduler


def is_for_few_steps(base: Any) -> bool:
    """Return whether a model's own scheduler says that it was distilled to few steps.

    Latent consistency and trajectory consistency have schedulers of their own. SD-Turbo, SDXL-Turbo and Lightning have
    one of Euler's that begins at the very noise ('trailing') without having been trained for it: models with a schedule
    that ends in nothing but noise say so, and predict velocity.
    """
    if type(base).__name__ in ("LCMScheduler", "TCDScheduler"):
        return True
    config = base.config
    return (
        isinstance(base, EulerDiscreteScheduler | EulerAncestralDiscreteScheduler)
        and config.timestep_spacing == "trailing"
        and config.prediction_type != "v_prediction"
        and not config.get("rescale_betas_zero_snr")
    )


def initial_scale(scheduler: Any) -> float:
    """Return how strong the noise is that a picture begins as; flow-matching schedulers take it as it is drawn."""
    return float(getattr(scheduler, "init_noise_sigma", 1.0))


def network_input(scheduler: Any, latents: torch.Tensor, position: int) -> torch.Tensor:
    """Return latents as the network reads them at a step: with noise of variance 1 for schedulers that step in sigmas.

    Args:
        scheduler: the lane's.
        latents: the lane's.
        position: steps behind it.
    """
    if not hasattr(scheduler, "scale_model_input"):  # flow-matching ones scale nothing
        return latents
    scaled: torch.Tensor = scheduler.scale_model_input(latents, scheduler.timesteps[position])
    return scaled


def begin_at(scheduler: Any, first: int) -> tuple[float, float]:
    """Let a scheduler that has made no step begin later.

    Args:
        scheduler: the lane's.
        first: the number of the timestep that it begins with, from 0.

    Returns:
        How much of a picture, and of noise, there is in latents before that timestep.
    """
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    mix = getattr(scheduler, "add_noise", None) or _mix_of_flow(scheduler)
    # asked with numbers on the CPU: some schedulers move their tables to where the asking latents are
    one, zero, timesteps = torch.ones(1), torch.zeros(1), scheduler.timesteps[first : first + 1]
    return float(mix(one, zero, timesteps)), float(mix(zero, one, timesteps))


def _mix_of_flow(scheduler: Any) -> Any:
    return lambda clean, noise, timesteps: scheduler.scale_noise(clean, timesteps, noise)


def sampler_name(scheduler: Any) -> str:
    """Return what other programs call the scheduler."""
    kind = type(scheduler).__name__
    return _SAMPLER_NAMES.get(kind, kind.removesuffix("Scheduler"))


def step_options(scheduler: Any, generator: Any) -> dict[str, Any]:
    """Return what a scheduler's step takes besides tensors, as diffusers' pipelines give it.

    Args:
        scheduler: the lane's.
        generator: the lane's own, which schedulers that draw noise draw it from.
    """
    given = {"generator": generator, "eta": 0.0}
    return {name: given[name] for name in inspect.signature(scheduler.step).parameters if name in given}


def estimate_clean(scheduler: Any, noisy: torch.Tensor, predicted: torch.Tensor, timestep: float) -> torch.Tensor:
    """Estimate the finished latent from an unfinished one, for previews.

    Networks that predict noise are always fed variance-preserving noise (schedulers that step in sigmas scale it so
    first), so that one formula serves all of them: x0 = (x - sqrt(1 - a) eps) / sqrt(a), or sqrt(a) x - sqrt(1 - a) v
    (Salimans & Ho 2022). Flow-matching ones predict the way from the picture to the noise: x0 = x - sigma v.

    Args:
        scheduler: the lane's, which holds the noise schedule and the prediction type.
        noisy: the network's input (1, C, h, w).
        predicted: the guided prediction for it, same shape.
        timestep: in training steps; fractions are rounded.
    """
    if not hasattr(scheduler, "alphas_cumprod"):
        return noisy - timestep / float(scheduler.config.num_train_timesteps) * predicted
    cumulative = scheduler.alphas_cumprod
    alpha = float(cumulative[min(max(round(timestep), 0), len(cumulative) - 1)])
    noise_part, signal_part = math.sqrt(1.0 - alpha), math.sqrt(max(alpha, 1e-4))
    kind = scheduler.config.prediction_type
    if kind == "v_prediction":
        return signal_part * noisy - noise_part * predicted
    if kind == "sample":
        return predicted
    return (noisy - noise_part * predicted) / signal_part
