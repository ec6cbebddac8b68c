"""LoRA tensors under the names that other trainers give them, renamed to peft's.

Kohya's (`lora_unet_…`, `lora_te1_…`), LyCORIS' plain low-rank convolutions (LoCon), diffusers' old and new ones,
peft's, and what each flow family's trainers write. Which layer is meant is asked of diffusers' own converters, by the
family's pipeline; whether it exists in the model is checked afterwards, in `reading`.
"""

import logging
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import diffusers
from torch import Tensor

from inference.engines.image.adapters.reading import MAX_RANK
from inference.engines.image.families.loaded_model import LoadedModel
from inference.engines.image.families.registry import family_of
from inference.errors import AdapterRejected

log = logging.getLogger(__name__)

NAME_MAX = 256

# What its keys tell that a file is, where it is no plain LoRA.
_OTHER_KINDS = {
    "LoHa": re.compile(r"\.hada_"),
    "LoKr": re.compile(r"\.lokr_"),
    "DoRA": re.compile(r"\.dora_scale$|\.lora_magnitude_vector"),
    "Tucker-decomposed LoCon": re.compile(r"\.lora_mid\."),
    "OFT": re.compile(r"\.oft_"),
    "IA3": re.compile(r"\.on_input$"),
    "LoRA with biases": re.compile(r"\.lora_(B|up)(\.default)?\.bias$"),
    "control LoRA": re.compile(r"^lora_controlnet"),
    "full difference, not a LoRA": re.compile(r"\.diff(_b)?$"),
    "textual inversion, not a LoRA": re.compile(r"^(emb_params|string_to_param.*|clip_[lg]|<.+>)$|^bundle_emb"),
}
_NOT_PLAIN = "The file is a {kind}; only plain LoRA is supported."
_UNKNOWN = "The file's layers are not named as any LoRA's of this family are: {name!r}, for one."

# The two matrices of a layer by all of their names, and a layer's scale.
_DOWN, _UP = r"lora_A|lora_down|lora\.down|lora_linear_layer\.down", r"lora_B|lora_up|lora\.up|lora_linear_layer\.up"
_MATRIX = re.compile(rf"(?P<layer>.+?)\.(?:(?P<down>{_DOWN})|(?P<up>{_UP}))(?:\.default)?\.weight")
_OLD_MATRIX = re.compile(r"(?P<layer>.+)\.to_(?P<what>q|k|v|out)_lora\.(?P<side>down|up)\.weight")
_ALPHA = re.compile(r"(?P<layer>.+)\.alpha")
_LONG_NUMBER = re.compile(r"\d{4}")  # diffusers counts up to the numbers of blocks

_Renamed = dict[tuple[str, str], Tensor]  # (layer, 'down' or 'up')


def peft_tensors(tensors: Mapping[str, Tensor], model: LoadedModel) -> dict[str, Tensor]:
    """Return a LoRA's tensors under peft's names, each layer's scale multiplied in.

    Args:
        tensors: as a file from elsewhere has them.
        model: the base model that they are for, or its skeleton.

    Raises:
        AdapterRejected: they are no plain LoRA's, or not all of them are known.
    """
    _check_names(tensors)
    plain = _scaled({key.replace("base_model.model.", ""): tensor for key, tensor in tensors.items()})
    matrices = _by_layer(plain)
    if alone := next((layer for layer, _ in matrices if not {(layer, "down"), (layer, "up")} <= matrices.keys()), None):
        raise AdapterRejected(f"The adapter has only half of the change of {alone[:80]}.")
    renamed = _by_layer(_ask_diffusers(plain, model))
    if (lost := len(matrices) - len(renamed)) > 0:
        raise AdapterRejected(f"The file changes {lost} matrices that no layer of this family has.")
    core = family_of(model.spec).core
    return {
        f"{_in_component(layer, model, core)}.lora_{'A' if side == 'down' else 'B'}.weight": tensor
        for (layer, side), tensor in renamed.items()
    }


def _check_names(tensors: Mapping[str, Tensor]) -> None:
    for kind, mark in _OTHER_KINDS.items():
        if any(mark.search(key) for key in tensors):
            raise AdapterRejected(_NOT_PLAIN.format(kind=kind))
    for key in tensors:
        if len(key) > NAME_MAX or _LONG_NUMBER.search(key) or not key.isascii() or not _named_as_lora(key):
            raise AdapterRejected(_UNKNOWN.format(name=key[:80]))


def _named_as_lora(key: str) -> bool:
    return any(pattern.fullmatch(key) for pattern in (_MATRIX, _OLD_MATRIX, _ALPHA))


def _scaled(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the matrices alone, each layer's alpha / rank multiplied into them.

    Halves of the scale go to both matrices, so that neither gets numbers that are too small for half precision; powers
    of two, which most scales are, change no digit. Source: `get_alpha_scales` of diffusers' converters.
    """
    alphas = {match["layer"]: _alpha(key, tensors[key]) for key in tensors if (match := _ALPHA.fullmatch(key))}
    scaled = {}
    for key, tensor in tensors.items():
        if (match := _MATRIX.fullmatch(key)) is None or match["layer"] not in alphas:
            if not _ALPHA.fullmatch(key):
                scaled[key] = tensor
            continue
        axis = 0 if match["down"] else 1  # the rank's
        rank = tensor.shape[axis] if tensor.dim() > axis else 0
        down, up = _split_scale(alphas[match["layer"]] / max(rank, 1))
        scaled[key] = tensor * (down if match["down"] else up)
    return scaled


def _alpha(key: str, tensor: Tensor) -> float:
    alpha = float(tensor.item()) if tensor.numel() == 1 else math.nan
    if not 0 <= alpha <= 16 * MAX_RANK:  # false for NaN, too
        raise AdapterRejected(f"The adapter's scale at {key[:80]} is not usable.")
    return alpha


def _split_scale(scale: float) -> tuple[float, float]:
    """Return two factors that make a scale, the second a power of two."""
    if scale == 0:
        return 0.0, 1.0
    up = 2.0 ** (math.floor(math.log2(scale)) // 2)
    return scale / up, up


def _ask_diffusers(tensors: dict[str, Tensor], model: LoadedModel) -> dict[str, Tensor]:
    """Return tensors by the names that diffusers' pipeline of the family has for them."""
    pipeline = family_of(model.spec).lora_pipeline
    if not pipeline:
        raise AdapterRejected(f"{model.spec.title} can't be used with LoRAs.")
    read: Callable[..., Any] = getattr(diffusers, pipeline).lora_state_dict
    try:
        found = read(dict(tensors), unet_config=model.core.config)
    except Exception as error:  # it raises anything at all over names that it does not know
        log.info("diffusers could not name the layers of a LoRA", exc_info=True)
        raise AdapterRejected(_UNKNOWN.format(name=next(iter(tensors), "")[:80])) from error
    renamed = found[0] if isinstance(found, tuple) else found
    return dict(renamed)


def _by_layer(tensors: Mapping[str, Tensor]) -> _Renamed:
    """Return matrices by their layer and side."""
    found: _Renamed = {}
    for key, tensor in tensors.items():
        plain = key.replace(".processor.", ".")
        match = _OLD_MATRIX.fullmatch(plain) or _MATRIX.fullmatch(plain)
        if match is None:
            raise AdapterRejected(_UNKNOWN.format(name=key[:80]))
        at = (_layer_of(match), _side(match))
        if at in found:
            raise AdapterRejected(f"The adapter changes {at[0][:80]} twice.")
        found[at] = tensor
    return found


def _side(match: re.Match[str]) -> str:
    parts = match.groupdict()
    return parts.get("side") or ("down" if parts["down"] else "up")


def _layer_of(match: re.Match[str]) -> str:
    """Return the layer that a key is about: what diffusers' first LoRAs called a processor's is the layer's own."""
    parts = match.groupdict()
    if "what" not in parts:
        return str(parts["layer"])
    text = str(parts["layer"]).startswith("text_encoder")
    last = f"{parts['what']}_proj" if text else {"out": "to_out.0"}.get(parts["what"], f"to_{parts['what']}")
    return f"{parts['layer']}.{last}"


def _in_component(layer: str, model: LoadedModel, core: str) -> str:
    """Return a layer's name with its component in front; those of the network that denoises may come without."""
    return layer if layer.partition(".")[0] in model.layers else f"{core}.{layer}"
