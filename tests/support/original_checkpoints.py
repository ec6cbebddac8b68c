"""Single-file checkpoints with the original key names, made from folders in diffusers' layout.

Written from the layout of the original networks (CompVis' and Stability's), not from what converts the other way.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

Weights = dict[str, Tensor]
RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
ENCODERS = {
    "sd-1": {"text_encoder": "cond_stage_model.transformer."},
    "sd-2": {"text_encoder": "cond_stage_model.model."},
    "sd-xl": {
        "text_encoder": "conditioner.embedders.0.transformer.",
        "text_encoder_2": "conditioner.embedders.1.model.",
    },
}


def write_checkpoint(
    folder: Path, file: Path, kind: str, extra: Mapping[str, Tensor] = {}, metadata: Mapping[str, str] = {}
) -> Path:
    """Write a folder's weights into one file, and return it.

    Args:
        folder: in diffusers' layout.
        file: to be written.
        kind: 'sd-1', 'sd-2' or 'sd-xl'.
        extra: further keys.
        metadata: of the file.
    """
    names = ("unet", "vae", *ENCODERS[kind])
    weights = original_names({name: _read(folder / name) for name in names}, kind)
    save_file({**weights, **extra}, file, metadata={"format": "pt", **metadata})
    return file


def original_names(components: Mapping[str, tuple[Weights, Mapping[str, Any]]], kind: str) -> Weights:
    """Return the weights of components by their original names; each comes with its configuration."""
    weights = {f"model.diffusion_model.{name}": weight for name, weight in _unet(*components["unet"]).items()}
    weights |= {f"first_stage_model.{name}": weight for name, weight in _vae(*components["vae"]).items()}
    for component, prefix in ENCODERS[kind].items():
        weights |= {f"{prefix}{name}": weight for name, weight in _text(*components[component], prefix).items()}
    return weights


def _read(folder: Path) -> tuple[Weights, dict[str, Any]]:
    weights = {name: weight for file in folder.glob("*.safetensors") for name, weight in load_file(file).items()}
    return weights, json.loads((folder / "config.json").read_text())


def _unet(weights: Weights, config: Mapping[str, Any]) -> Weights:
    layers = config["layers_per_block"]
    return {_unet_name(name, layers, weights): weight for name, weight in weights.items()}


def _unet_name(name: str, layers: int, all_names: Mapping[str, Tensor]) -> str:
    for end, original in UNET_ENDS.items():
        if name.startswith(f"{end}."):
            return original + name.removeprefix(end)
    if match := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", name):
        what, number, rest = match.groups()
        return f"middle_block.{2 * int(number)}.{_resnet(rest)}" if what == "resnets" else f"middle_block.1.{rest}"
    match = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)", name)
    assert match, name
    way, level, what, number, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
    block = (layers + 1) * level + number
    if what == "downsamplers":
        return f"input_blocks.{(layers + 1) * (level + 1)}.0.{rest.replace('conv.', 'op.')}"
    if what == "upsamplers":
        attended = any(one.startswith(f"up_blocks.{level}.attentions.") for one in all_names)
        return f"output_blocks.{(layers + 1) * level + layers}.{2 if attended else 1}.{rest}"
    place = f"input_blocks.{block + 1}" if way == "down" else f"output_blocks.{block}"
    return f"{place}.0.{_resnet(rest)}" if what == "resnets" else f"{place}.1.{rest}"


def _resnet(rest: str) -> str:
    layer, _, kind = rest.rpartition(".")
    return f"{RESNET[layer]}.{kind}"


def _vae(weights: Weights, config: Mapping[str, Any]) -> Weights:
    levels = len(config["block_out_channels"])
    found = {}
    for name, weight in weights.items():
        original = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        original = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", original)
        original = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0\.", r"down.\1.downsample.", original)
        original = re.sub(
            r"up_blocks\.(\d+)\.resnets\.", lambda match: f"up.{levels - 1 - int(match[1])}.block.", original
        )
        original = re.sub(
            r"up_blocks\.(\d+)\.upsamplers\.0\.", lambda match: f"up.{levels - 1 - int(match[1])}.upsample.", original
        )
        original = re.sub(r"mid_block\.resnets\.(\d)\.", lambda match: f"mid.block_{int(match[1]) + 1}.", original)
        if "mid_block.attentions.0." in original:
            before, _, rest = original.partition("mid_block.attentions.0.")
            layer, _, kind = rest.rpartition(".")
            original = f"{before}mid.attn_1.{VAE_ATTENTION[layer]}.{kind}"
            if weight.dim() == 2:  # convolutions of one pixel there
                weight = weight[:, :, None, None]
        found[original] = weight
    return found


def _text(weights: Weights, config: Mapping[str, Any], prefix: str) -> Weights:
    wrapped = {
        name if name.startswith(("text_model.", "text_projection.")) else f"text_model.{name}": weight
        for name, weight in weights.items()
    }
    if prefix.endswith(".transformer."):
        positions = torch.arange(config["max_position_embeddings"])[None]  # older files have them
        return {**wrapped, "text_model.embeddings.position_ids": positions}
    return _open_clip(wrapped)


def _open_clip(weights: Weights) -> Weights:
    found = {
        "token_embedding.weight": weights["text_model.embeddings.token_embedding.weight"],
        "positional_embedding": weights["text_model.embeddings.position_embedding.weight"],
        "ln_final.weight": weights["text_model.final_layer_norm.weight"],
        "ln_final.bias": weights["text_model.final_layer_norm.bias"],
        "logit_scale": torch.tensor(4.6),
    }
    width = len(found["ln_final.weight"])
    projection = weights.get("text_projection.weight", torch.eye(width))
    found["text_projection"] = projection.T.contiguous()
    layers = "text_model.encoder.layers."
    for name, weight in weights.items():
        if not name.startswith(layers):
            continue
        number, _, rest = name.removeprefix(layers).partition(".")
        place, (layer, _, kind) = f"transformer.resblocks.{number}", rest.rpartition(".")
        if layer in OPEN_CLIP:
            found[f"{place}.{OPEN_CLIP[layer]}.{kind}"] = weight
        elif layer == "self_attn.q_proj":
            parts = [weights[f"{layers}{number}.self_attn.{one}_proj.{kind}"] for one in "qkv"]
            found[f"{place}.attn.in_proj_{kind}"] = torch.cat(parts)
    return found
