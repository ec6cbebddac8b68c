"""The families with a flow-matching transformer, each with its tiny model and how diffusers' pipeline is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.catalogue import ImageModel
from inference.engines.image.models.loading import ModelCache
from inference.requests import ImageRequest
from tests.support import tiny_flow
from tests.support.engines.flow_init import InitWays
from tests.support.engines.harness import EngineHarness, Reference
from tests.support.engines.init_pictures import reference


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCase:
    """A family, or a kind of model in it."""

    family: str
    make: Callable[[Path], Path]
    guidances: tuple[float, ...]  # off, and on
    ask: Callable[[ImageRequest], dict[str, Any]]  # the pipeline's arguments beside prompt, size and steps
    adapted: tuple[str, ...]  # endings of layers that adapters change, as diffusers loads them
    steps: tuple[int, int, int] = (1, 2, 4)
    distilled: bool = False  # guidance makes no difference
    sizes: tuple[tuple[int, int], ...] = ((16, 16), (32, 16))


KLEIN_LAYERS = ("to_q", "to_out.0", "add_k_proj", "ff.linear_in", "to_qkv_mlp_proj", "x_embedder", "context_embedder")
CASES = {
    "z-image": FlowCase(
        family="z-image",
        make=tiny_flow.make_zimage,
        guidances=(0.0, 3.0),
        ask=lambda request: {
            "guidance_scale": request.guidance,
            "negative_prompt": request.negative or None,
        },
        adapted=("to_q", "to_v", "to_out.0", "feed_forward.w1", "adaLN_modulation.0", "t_embedder.mlp.0"),
    ),
    "flux2-klein": FlowCase(
        family="flux2-klein",
        make=tiny_flow.make_klein,
        guidances=(1.0, 4.0),
        distilled=True,
        ask=lambda request: {"guidance_scale": request.guidance},
        adapted=KLEIN_LAYERS,
    ),
    "qwen-image": FlowCase(
        family="qwen-image",
        make=tiny_flow.make_qwen_image,
        guidances=(1.0, 4.0),
        steps=(2, 3, 4),  # of one, diffusers makes numbers that are not finite
        ask=lambda request: {"true_cfg_scale": request.guidance, "negative_prompt": request.negative or " "},
        adapted=("to_q", "to_out.0", "add_v_proj", "img_mod.1", "img_mlp.net.2", "txt_mlp.net.0.proj", "img_in"),
    ),
    "ernie-image": FlowCase(
        family="ernie-image",
        make=tiny_flow.make_ernie_image,
        guidances=(1.0, 4.0),
        ask=lambda request: {
            "guidance_scale": request.guidance,
            "negative_prompt": request.negative,
            "use_pe": False,
        },
        adapted=(
            "to_q",
            "to_v",
            "linear_fc2",
            "gate_proj",
            "final_linear",
            "adaLN_modulation.1",
            "time_embedding.linear_1",
        ),
    ),
    "flux2-klein-base": FlowCase(
        family="flux2-klein",
        make=partial(tiny_flow.make_klein, distilled=False),
        guidances=(1.0, 4.0),
        ask=lambda request: {"guidance_scale": request.guidance},
        adapted=KLEIN_LAYERS,
    ),
}


class FlowReference(Reference):
    """Plain diffusers: a flow pipeline has one kind of scheduler, and arguments of its own."""

    def __init__(self, pipeline: Any, case: FlowCase) -> None:
        super().__init__(pipeline, "model")
        self._ask = case.ask
        self._ways = InitWays(pipeline)

    def _draw(self, request: ImageRequest, index: int, scheduler: str) -> NDArray[np.int16]:
        asked: dict[str, Any] = {
            "prompt": request.prompt,
            "width": request.width_px,
            "height": request.height_px,
            "num_inference_steps": request.steps,
            "generator": torch.Generator("cpu").manual_seed(request.seed + index),
            **self._ask(request),
        }
        if request.references:
            asked["image"] = [reference(key) for key in request.references]
        if request.init is not None:
            return self._ways.draw(request, asked)
        return np.asarray(self._pipeline(**asked).images[0]).astype(np.int16)

    @property
    def processor(self) -> Any:
        """The pipeline's image processor."""
        return self._pipeline.image_processor

    @torch.inference_mode()
    def reconstructed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Encode pictures (n, 3, h, w), -1 … 1, with the pipeline's autoencoder alone, and decode them: no scaling."""
        vae, frames = self._pipeline.vae, type(self._pipeline.vae).__name__ == "AutoencoderKLQwenImage"
        given = pixels[:, :, None] if frames else pixels
        back: torch.Tensor = vae.decode(vae.encode(given).latent_dist.mode(), return_dict=False)[0]
        return back[:, :, 0] if frames else back


@dataclass(frozen=True, slots=True)
class Tried:
    """A case with its model, its adapters and its reference."""

    case: FlowCase
    spec: ImageModel
    models: ModelCache
    reference: FlowReference
    adapters: dict[str, bytes]

    def harness(self, **options: Any) -> EngineHarness:
        """Return an engine with the model in memory."""
        return EngineHarness(self.spec, models=self.models, slots=16, **options)
