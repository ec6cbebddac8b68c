"""Flow pipelines that begin from a picture: diffusers' own of the family, else its definition by the plain pipeline."""

from collections.abc import Mapping
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, Flux2KleinInpaintPipeline
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from inference.requests import ImageRequest
from tests.support.engines.init_pictures import canvas, canvas_mask

# by the plain pipeline's name without the word: for a picture alone, and with a mask; None: diffusers has none
WAYS: Mapping[str, tuple[str | None, str | None]] = {
    "ZImage": ("ZImageImg2ImgPipeline", "ZImageInpaintPipeline"),
    "QwenImage": ("QwenImageImg2ImgPipeline", "QwenImageInpaintPipeline"),
    "Flux2Klein": (None, "Flux2KleinInpaintPipeline"),
    "ErnieImage": (None, None),
}


class InitWays:
    """What diffusers draws from a picture with the parts of a pipeline."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        name = type(pipeline).__name__.removesuffix("Pipeline")
        distilled = {"is_distilled": pipeline.config.is_distilled} if name == "Flux2Klein" else {}
        self._own = [
            None if kind is None else getattr(diffusers, kind)(**pipeline.components, **distilled)
            for kind in WAYS[name]
        ]
        for own in self._own:
            if own is not None:
                own.set_progress_bar_config(disable=True)

    def draw(self, request: ImageRequest, asked: dict[str, Any]) -> NDArray[np.int16]:
        """Draw a picture that begins from another.

        Args:
            request: what is asked for.
            asked: the arguments of the plain pipeline.
        """
        assert request.init is not None
        masked = bool(request.init.mask or any(request.init.margins_px))
        own = self._own[masked]
        if own is None:
            return self._by_definition(request, asked, canvas_mask(request) if masked else None)
        options: dict[str, Any] = {"mask_image": canvas_mask(request)} if masked else {}
        if references := asked.pop("image", None):
            (options["image_reference"],) = references
        drawn = own(image=canvas(request), strength=request.init.strength, **options, **asked).images[0]
        return np.asarray(drawn).astype(np.int16)

    def _by_definition(
        self, request: ImageRequest, asked: dict[str, Any], mask: Image.Image | None
    ) -> NDArray[np.int16]:
        """Let the plain pipeline begin late, from the picture under noise, and put back what a mask keeps."""
        assert request.init is not None
        clean = self._latents(canvas(request))
        noise = torch.randn(clean.shape, generator=asked["generator"])
        base, steps = self._pipeline.scheduler, request.steps
        late = _LateScheduler.from_config(base.config)
        late.first = int(steps - steps * request.init.strength)
        klein = "Flux2" in type(self._pipeline).__name__
        mu = compute_empirical_mu(clean.shape[2] * clean.shape[3], steps) if klein else None
        late.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu)
        begun = late.sigmas[0] * noise + (1 - late.sigmas[0]) * clean
        self._pipeline.scheduler = late
        anew = None if mask is None else self._latent_mask(mask, clean)

        def put_back(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            if anew is None:
                return {}
            sigma = late.sigmas[step + 1]
            return {"latents": anew * tensors["latents"] + (1 - anew) * (sigma * noise + (1 - sigma) * clean)}

        try:
            drawn = self._pipeline(**asked, latents=begun, callback_on_step_end=put_back).images[0]
        finally:
            self._pipeline.scheduler = base
        return np.asarray(drawn).astype(np.int16)

    @torch.inference_mode()
    def _latents(self, picture: Image.Image) -> Tensor:
        """Encode a picture as the family's transformer reads it."""
        pixels = torch.from_numpy(np.asarray(picture).astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
        vae = self._pipeline.vae
        encoded = Flux2KleinInpaintPipeline._patchify_latents(vae.encode(pixels).latent_dist.mode())
        epsilon = 1e-5 if "Ernie" in type(self._pipeline).__name__ else vae.config.batch_norm_eps
        mean, variance = (each.view(1, -1, 1, 1) for each in (vae.bn.running_mean, vae.bn.running_var))
        scaled: Tensor = (encoded - mean) / torch.sqrt(variance + epsilon)
        return scaled

    def _latent_mask(self, mask: Image.Image, clean: Tensor) -> Tensor:
        white = torch.from_numpy((np.asarray(mask) >= 128).astype(np.float32))
        return functional.interpolate(white[None, None], size=clean.shape[2:], mode="bilinear")


class _LateScheduler(FlowMatchEulerDiscreteScheduler):  # type: ignore[misc]
    """Leaves out its first steps."""

    first = 0
    timesteps: Tensor
    sigmas: Tensor

    def set_timesteps(self, *args: Any, sigmas: Any = None, **options: Any) -> None:
        """Set all, and keep those from the first on."""
        super().set_timesteps(*args, sigmas=sigmas, **options)
        self.timesteps, self.sigmas = self.timesteps[self.first :], self.sigmas[self.first :]
