"""What a single file is: which template it is converted by, and what its network predicts. Read from its keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from safetensors import safe_open

from inference.engines.single_files.header import CheckpointHeader
from inference.errors import ModelUnusable

TEMPLATES = Path(__file__).parent / "templates"
VELOCITY_KEY, ZERO_SNR_KEY = "v_pred", "ztsnr"  # empty tensors that say how a checkpoint was trained
VELOCITY_DEVIATION = 0.09  # of a bias by which ComfyUI tells Stable Diffusion 2's two kinds (comfy/supported_models.py)
UNET = "model.diffusion_model."

Prediction = Literal["epsilon", "v_prediction"]
# what else is found as a single file, by a part of its keys
OTHERS = {
    "lora_unet_": "a LoRA",
    "lora_te_": "a LoRA",
    ".lora_A.": "a LoRA",
    "conditioner.embedders.0.model.": "the refiner of Stable Diffusion XL, which draws nothing alone",
    "control_model.": "a ControlNet",
    "double_blocks.": "a transformer of another family, without its text encoders and autoencoder",
    "layers.0.adaLN_modulation.": "a transformer of another family, without its text encoders and autoencoder",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointKind:
    """One of the templates, as its `checkpoint.json` describes it."""

    folder: Path
    title: str
    told_by: str  # a key that only this kind has
    text_encoders: Mapping[str, str]  # component → prefix of its keys
    velocity_sample_size: int  # of the UNet, where it predicts velocity
    velocity_told_by: str = ""  # a key whose numbers tell whether it does; empty: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedAs:
    """How a checkpoint was trained, as far as its scheduler has to know."""

    prediction: Prediction | None = None  # None: as the template says
    zero_snr: bool = False  # whether its noise schedule ends in nothing but noise
    why: str = ""  # what told it; empty: nothing did


def kinds() -> list[CheckpointKind]:
    """Return all kinds that there is a template for."""
    return [
        CheckpointKind(folder=file.parent, **json.loads(file.read_text(encoding="utf-8")))
        for file in sorted(TEMPLATES.glob("*/checkpoint.json"))
    ]


def kind_of(header: CheckpointHeader) -> CheckpointKind:
    """Return what kind of checkpoint a file is.

    Raises:
        ModelUnusable: of none; the message says what it is instead, or a key of it.
    """
    known = kinds()
    for kind in known:
        if kind.told_by in header.tensors and any(name.startswith(UNET) for name in header.tensors):
            return kind
    other = next((said for part, said in OTHERS.items() if any(part in name for name in header.tensors)), "")
    titles = ", ".join(kind.title for kind in known)
    some = next(iter(sorted(header.tensors)), "none")[:100]
    what = f"is {other}" if other else f"is unknown: one of its keys is {some}"
    raise ModelUnusable(f"{header.file.name} {what}. What can be imported are whole checkpoints of {titles}.")


def trained_as(header: CheckpointHeader, kind: CheckpointKind, prediction: Prediction | None = None) -> TrainedAs:
    """Return how a checkpoint was trained.

    Args:
        header: the file's.
        kind: of it.
        prediction: what the operator knows; None: what the file tells.
    """
    found, why = (prediction, "what was asked for") if prediction else _prediction(header, kind)
    zero_snr = ZERO_SNR_KEY in header.tensors
    reasons = [reason for reason in (why, zero_snr and f"its key {ZERO_SNR_KEY}") if reason]
    return TrainedAs(prediction=found, zero_snr=zero_snr, why=" and ".join(reasons))


def _prediction(header: CheckpointHeader, kind: CheckpointKind) -> tuple[Prediction | None, str]:
    """Return what a file tells of what its network predicts, and what told it."""
    if VELOCITY_KEY in header.tensors:
        return "v_prediction", f"its key {VELOCITY_KEY}"
    metadata = header.metadata  # of Stability's ModelSpec, in its two spellings
    if told := metadata.get("modelspec.prediction_type") or metadata.get("modelspec.predict_key"):
        return ("v_prediction" if told.startswith("v") else "epsilon"), f"its metadata ('{told[:20]}')"
    info, first = header.tensors.get(kind.velocity_told_by), header.tensors.get(f"{UNET}input_blocks.0.0.weight")
    if info is None or first is None or first.shape[1:2] != (4,):  # no inpainting model predicts velocity
        return None, ""
    with safe_open(header.file, "pt") as tensors:
        deviation = float(torch.std(tensors.get_tensor(info.name).float(), unbiased=False))
    return ("v_prediction" if deviation > VELOCITY_DEVIATION else "epsilon"), "a rule of thumb about its weights"
