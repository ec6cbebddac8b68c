"""What is known of the families of picture models without opening one: what a catalogue entry may say. No torch.

How a model of a family is opened and computed is one file in `inference/engines/image/families/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

# 'model': as its folder says; 'auto': that for models that were made for few steps, else DPM++
SCHEDULERS = ("auto", "dpm++", "euler", "euler-a", "ddim", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTraits:
    """What all models of a family have in common."""

    pipelines: frozenset[str] = frozenset()  # diffusers' classes that model_index.json may name; none: any
    components: frozenset[str] = (
        frozenset()
    )  # folders that are loaded, beside the scheduler's; none: all that are listed
    size_px: int = 512  # what a new catalogue entry begins with, where the folder says nothing: side of its pictures
    steps: int = 25  # the same
    guidance: float = 7.5
    credits: int = 2
    grid_px: int = 8  # sides are multiples of this: the pixels that one latent, or one patch of them, stands for
    schedulers: tuple[str, ...] = SCHEDULERS  # that entries may name, the default first
    guided_above: float = 1.0  # guidance above which the network is asked twice, and a negative prompt counts
    reads_negative: bool = True  # whether members' negative prompts are read at all
    reads_weights: bool = False  # whether words and parts of a prompt can be weighted: `(word:1.2)`, `hot:: dog::2`
    trainable: bool = True  # whether subjects can be trained
    from_pictures: bool = False  # whether pictures can begin from a picture
    step_begun_counts: bool = True  # whether such a one makes the step that its strength only begins
    references_max: int = 0  # pictures that a prompt can speak of, to be edited or taken from
    alone: bool = False  # whether pictures are drawn one after the other, without subjects

    def steps_made(self, steps: int, strength: float) -> int:
        """Return the steps that a picture takes, by how much of it is drawn anew (0 … 1): one at least.

        Source: `get_timesteps` of diffusers' image-to-image pipelines.
        """
        made = steps - int(steps - min(steps * strength, steps)) if self.step_begun_counts else int(steps * strength)
        return max(1, min(steps, made))

    def counts_negative(self, guidance: float) -> bool:
        """Tell whether a negative prompt changes a picture that is drawn with some guidance."""
        return self.reads_negative and guidance > self.guided_above


def family_of_pipeline(pipeline: str) -> str:
    """Return the family whose folders have a pipeline class; what none covers is drawn as a whole."""
    return next((name for name, traits in FAMILIES.items() if pipeline in traits.pipelines or traits.alone), "")


_PARTS = frozenset({"vae", "text_encoder", "tokenizer"})
_CLIP: Any = {"reads_weights": True, "from_pictures": True, "step_begun_counts": False}
_FLOW: Any = {
    "components": _PARTS | {"transformer"},
    "grid_px": 16,
    "schedulers": ("model",),
    "trainable": False,
    "from_pictures": True,
    "size_px": 1024,
    "guidance": 4.0,
    "credits": 4,
}

FAMILIES: Mapping[str, FamilyTraits] = MappingProxyType(
    {
        "sd": FamilyTraits(  # Stable Diffusion 1 and 2
            **_CLIP,
            components=_PARTS | {"unet"},
            pipelines=frozenset(
                {"StableDiffusionPipeline", "StableDiffusionInpaintPipeline", "LatentConsistencyModelPipeline"}
            ),
        ),
        "sdxl": FamilyTraits(
            **_CLIP,
            components=_PARTS | {"unet", "text_encoder_2", "tokenizer_2"},
            pipelines=frozenset({"StableDiffusionXLPipeline", "StableDiffusionXLInpaintPipeline"}),
            size_px=1024,
            guidance=6.0,
            credits=4,
        ),
        "z-image": FamilyTraits(**_FLOW, pipelines=frozenset({"ZImagePipeline"}), guided_above=0.0, steps=50),
        "flux2-klein": FamilyTraits(
            **_FLOW | {"guidance": 1.0},
            pipelines=frozenset({"Flux2KleinPipeline"}),
            reads_negative=False,
            references_max=4,
            steps=4,
        ),
        "qwen-image": FamilyTraits(
            **_FLOW | {"size_px": 1328, "credits": 20}, pipelines=frozenset({"QwenImagePipeline"}), steps=30
        ),
        "ernie-image": FamilyTraits(**_FLOW, pipelines=frozenset({"ErnieImagePipeline"}), steps=50),
        # whatever else diffusers has a text-to-image pipeline for
        "any-pipeline": FamilyTraits(
            grid_px=16, schedulers=("model",), trainable=False, alone=True, size_px=1024, guidance=4.0, credits=4
        ),
    }
)
