"""The same LoRA as other trainers write it: kohya's names with alphas, diffusers' first and second ones, peft's."""

import re
from collections.abc import Mapping
from typing import Any

import safetensors.torch
import torch

Tensors = dict[str, torch.Tensor]
TEXT = {"text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}


def kohya_file(tensors: Mapping[str, torch.Tensor], *, alpha: float, sgm: bool = False, **metadata: str) -> bytes:
    """Return a LoRA as kohya's scripts write it.

    Args:
        tensors: by peft's names.
        alpha: of all layers.
        sgm: whether the UNet's layers are named as in Stability's own code, as they are for SDXL.
        metadata: further lines beside the tensors.
    """
    written: Tensors = {}
    for key, tensor in tensors.items():
        layer, side = re.fullmatch(r"(.+)\.lora_([AB])\.weight", key).groups()  # type: ignore[union-attr]
        name = _kohya_name(layer, sgm=sgm)
        written[f"{name}.lora_{'down' if side == 'A' else 'up'}.weight"] = tensor.clone()
        written[f"{name}.alpha"] = torch.tensor(alpha)
    return safetensors.torch.save(written, {"ss_network_module": "networks.lora", **metadata})


def diffusers_file(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """Return a LoRA as diffusers wrote it before peft."""
    written = {}
    for key, tensor in tensors.items():
        half = "lora_linear_layer" if key.startswith("text_encoder") else "lora"
        name = key.replace(".lora_A.", f".{half}.down.").replace(".lora_B.", f".{half}.up.")
        written[re.sub(r"^(text_encoder(?:_2)?)\.(?:text_model\.)?", r"\1.text_model.", name)] = tensor
    return safetensors.torch.save(written)


def first_diffusers_file(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """Return a LoRA on attention as diffusers' first one was written: on the processors."""
    ways = [
        (r"\.(to_[qkv])\.lora_A", r".processor.\1_lora.down"),
        (r"\.(to_[qkv])\.lora_B", r".processor.\1_lora.up"),
        (r"\.to_out\.0\.lora_A", ".processor.to_out_lora.down"),
        (r"\.to_out\.0\.lora_B", ".processor.to_out_lora.up"),
    ]
    written: dict[str, Any] = {}
    for key, tensor in tensors.items():
        for old, new in ways:
            key = re.sub(old, new, key)
        written[key] = tensor
    return safetensors.torch.save(written)


def _kohya_name(layer: str, *, sgm: bool) -> str:
    component, _, name = layer.partition(".")
    if component in TEXT:
        return f"{TEXT[component]}_text_model_{name.removeprefix('text_model.')}".replace(".", "_")
    return "lora_unet_" + (_sgm_name(name) if sgm else name).replace(".", "_")


def _sgm_name(name: str) -> str:
    """Return a layer of a UNet with one layer a block by its name in Stability's code."""
    for ours, theirs in (
        ("conv1", "in_layers.2"),
        ("conv2", "out_layers.3"),
        ("time_emb_proj", "emb_layers.1"),
        ("conv_shortcut", "skip_connection"),
    ):
        name = re.sub(rf"(resnets\.\d+)\.{ours}$", rf"\1.{theirs}", name)
    kinds = {"resnets": 0, "attentions": 1}
    if match := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", name):
        return f"middle_block.{2 * int(match[2]) + kinds[match[1]]}.{match[3]}"
    if match := re.fullmatch(r"(down|up)_blocks\.(\d)\.(resnets|attentions)\.(\d)\.(.+)", name):
        number = 2 * int(match[2]) + int(match[4]) + (match[1] == "down")
        return f"{'input' if match[1] == 'down' else 'output'}_blocks.{number}.{kinds[match[3]]}.{match[5]}"
    return name


def flow_file(family: str, layers: Mapping[str, Any], tensors: Tensors) -> bytes:
    """Return a LoRA of a flow family as its trainers write it.

    Args:
        family: by the catalogue's name.
        layers: of the transformer, by their names.
        tensors: by peft's names, with some of attention's layers.
    """
    if family in ("z-image", "qwen-image"):
        plain = {key.replace("transformer.", "unet.", 1): tensor for key, tensor in tensors.items()}
        return kohya_file(plain, alpha=1.0)
    written = {key.replace("transformer.", "diffusion_model.", 1): tensor for key, tensor in tensors.items()}
    if "transformer_blocks.0.attn.add_q_proj" in layers:  # as Black Forest Labs join the three
        width = layers["transformer_blocks.0.attn.add_q_proj"].in_features
        generator = torch.Generator().manual_seed(9)
        down, up = torch.randn(2, width, generator=generator), torch.randn(3 * width, 2, generator=generator)
        written["diffusion_model.double_blocks.0.txt_attn.qkv.lora_A.weight"] = down / width**0.5
        written["diffusion_model.double_blocks.0.txt_attn.qkv.lora_B.weight"] = up * 0.6
    return safetensors.torch.save(written)
