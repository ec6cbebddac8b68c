"""Model folders like tiny ones, but so large that what they take of memory can be measured."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

Changes = Mapping[str, Mapping[str, Any]]  # component → keys of its configuration

_WIDE_VAE = {"block_out_channels": [64, 128]}
_WIDE_CLIP = {"hidden_size": 256, "intermediate_size": 1024}
_WIDE_QWEN3 = {
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 64,
}
_WIDE_UNET = {"block_out_channels": [192, 384], "attention_head_dim": 8, "layers_per_block": 2}

# tens of megabytes, which can be told from what the libraries take, and passes of a second
GROWN: Mapping[str, Changes] = {
    "sd": {
        "unet": _WIDE_UNET | {"cross_attention_dim": 256},
        "vae": _WIDE_VAE,
        "text_encoder": _WIDE_CLIP,
    },
    "sdxl": {
        "unet": _WIDE_UNET
        | {
            "cross_attention_dim": 512,
            "attention_head_dim": [4, 8],
            "projection_class_embeddings_input_dim": 8 * 6 + 32,
        },
        "vae": _WIDE_VAE,
        "text_encoder": _WIDE_CLIP,
        "text_encoder_2": _WIDE_CLIP,
    },
    "z-image": {
        "transformer": {
            "dim": 512,
            "n_heads": 8,
            "n_kv_heads": 8,
            "axes_dims": [16, 24, 24],
            "axes_lens": [1024, 256, 256],
            "cap_feat_dim": 512,
        },
        "vae": _WIDE_VAE,
        "text_encoder": _WIDE_QWEN3,
    },
    "flux2-klein": {
        "transformer": {
            "num_layers": 2,
            "num_single_layers": 2,
            "attention_head_dim": 64,
            "num_attention_heads": 8,
            "axes_dims_rope": [16, 16, 16, 16],
            "joint_attention_dim": 3 * 256,
        },
        "vae": _WIDE_VAE,
        "text_encoder": _WIDE_QWEN3 | {"hidden_size": 256, "intermediate_size": 768, "num_attention_heads": 4},
    },
    "qwen-image": {
        "transformer": {
            "attention_head_dim": 64,
            "num_attention_heads": 8,
            "axes_dims_rope": [16, 24, 24],
            "joint_attention_dim": 512,
        },
        "vae": {"base_dim": 48},
        "text_encoder": {
            "text_config": {
                "hidden_size": 512,
                "intermediate_size": 1536,
                "num_attention_heads": 8,
                "num_key_value_heads": 2,
                "rope_parameters": {"mrope_section": [8, 12, 12], "rope_type": "default", "rope_theta": 1000000.0},
            },
            "vision_config": {"out_hidden_size": 512},
        },
    },
    "ernie-image": {
        "transformer": {
            "hidden_size": 512,
            "num_attention_heads": 8,
            "ffn_hidden_size": 1024,
            "text_in_dim": 512,
            "rope_axes_dim": [16, 24, 24],
        },
        "vae": _WIDE_VAE,
        "text_encoder": {"text_config": _WIDE_QWEN3},
    },
}


def grow(tiny: Path, folder: Path, changes: Changes, *, dtype: torch.dtype = torch.float32, seed: int = 0) -> Path:
    """Write a model like a tiny one with some components' configurations changed and random weights.

    Args:
        tiny: folder of the original.
        folder: to write to.
        changes: what is different.
        dtype: of the weights in the files.
        seed: of the weights.
    """
    torch.manual_seed(seed)
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    index = json.loads((tiny / "model_index.json").read_text())
    for name, (library, kind) in ((name, value) for name, value in index.items() if isinstance(value, list)):
        if kind is None or not (tiny / name / "config.json").exists() or name == "scheduler":
            continue
        config = change_config(folder / name / "config.json", changes.get(name, {}))
        if library == "diffusers":
            network = getattr(diffusers, kind).from_config(config)
        else:
            cls = getattr(transformers, kind)
            network = cls(cls.config_class.from_dict(config))
        torch.nn.Module.to(network, dtype)  # diffusers' own warns of casting
        network.save_pretrained(folder / name, safe_serialization=True)
    return folder


def change_config(file: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change keys of a configuration file, those of objects in it one by one; return what is in it then."""
    config: dict[str, Any] = json.loads(file.read_text())
    for key, value in changes.items():
        config[key] = config[key] | value if isinstance(value, dict) and isinstance(config.get(key), dict) else value
    file.write_text(json.dumps(config))
    return config
