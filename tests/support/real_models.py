"""The configurations of real models, without weights: what is foretold of them is compared with what is known."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from inference.catalogue import ImageModel
from inference.engines.image.families.registry import family_of
from inference.engines.image.models.folders import check_folder
from inference.engines.image.models.skeletons import build_skeleton
from tests.support.grown_models import Changes, change_config
from tests.support.tiny_families import TINY
from tests.support.tiny_models import SD15, SDXL

QWEN3_4B: dict[str, Any] = {
    "vocab_size": 151936,
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40960,
    "tie_word_embeddings": True,
    "layer_types": None,
}
QWEN25_VL_7B: dict[str, Any] = {
    "text_config": {
        "vocab_size": 152064,
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "max_position_embeddings": 128000,
        "rope_parameters": {"mrope_section": [16, 24, 24], "rope_type": "default", "rope_theta": 1000000.0},
        "layer_types": None,
        "tie_word_embeddings": False,
    },
    "vision_config": {
        "depth": 32,
        "hidden_size": 1280,
        "intermediate_size": 3420,
        "num_heads": 16,
        "out_hidden_size": 3584,
    },
    "tie_word_embeddings": False,
}
_FLUX_VAE: dict[str, Any] = {
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "sample_size": 1024,
}
_CLIP = {"vocab_size": 49408}
_UNET_TYPES: dict[str, Any] = {
    "down_block_types": [*["CrossAttnDownBlock2D"] * 3, "DownBlock2D"],
    "up_block_types": ["UpBlock2D", *["CrossAttnUpBlock2D"] * 3],
    "layers_per_block": 2,
    "norm_num_groups": 32,
}
REAL: Mapping[str, Changes] = {
    "sd": {
        "unet": _UNET_TYPES | SD15.unet,
        "vae": {"norm_num_groups": 32} | SD15.vae,
        "text_encoder": SD15.text[0] | _CLIP,
    },
    "sdxl": {
        "unet": _UNET_TYPES | SDXL.unet,
        "vae": {"norm_num_groups": 32} | SDXL.vae,
        "text_encoder": SDXL.text[0] | _CLIP,
        "text_encoder_2": SDXL.text[1] | _CLIP,
    },
    "z-image": {  # Tongyi-MAI/Z-Image-Turbo
        "transformer": {
            "in_channels": 16,
            "dim": 3840,
            "n_layers": 30,
            "n_refiner_layers": 2,
            "n_heads": 30,
            "n_kv_heads": 30,
            "cap_feat_dim": 2560,
            "axes_dims": [32, 48, 48],
            "axes_lens": [1536, 512, 512],
        },
        "vae": _FLUX_VAE | {"latent_channels": 16, "use_quant_conv": False, "use_post_quant_conv": False},
        "text_encoder": QWEN3_4B,
    },
    "flux2-klein": {  # black-forest-labs/FLUX.2-klein-4B
        "transformer": {
            "in_channels": 128,
            "num_layers": 5,
            "num_single_layers": 20,
            "attention_head_dim": 128,
            "num_attention_heads": 24,
            "joint_attention_dim": 7680,
            "timestep_guidance_channels": 256,
            "axes_dims_rope": [32, 32, 32, 32],
        },
        "vae": _FLUX_VAE | {"latent_channels": 32},
        "text_encoder": QWEN3_4B,
    },
    "qwen-image": {  # Qwen/Qwen-Image
        "transformer": {
            "in_channels": 64,
            "out_channels": 16,
            "num_layers": 60,
            "attention_head_dim": 128,
            "num_attention_heads": 24,
            "joint_attention_dim": 3584,
            "axes_dims_rope": [16, 56, 56],
        },
        "vae": {
            "base_dim": 96,
            "z_dim": 16,
            "dim_mult": [1, 2, 4, 4],
            "num_res_blocks": 2,
            "temperal_downsample": [False, True, True],
            "latents_mean": [0.0] * 16,
            "latents_std": [1.0] * 16,
        },
        "text_encoder": QWEN25_VL_7B,
    },
}
SIZES_PX: Mapping[str, int] = {"sd": 512, "sdxl": 1024, "z-image": 1024, "flux2-klein": 1024, "qwen-image": 1328}


def write_configurations(family: str, folder: Path) -> Path:
    """Write the folder of a family's real model as it is without weights, and return it."""
    tiny = TINY[family](folder / "tiny")
    real = folder / "real"
    shutil.copytree(tiny, real, ignore=shutil.ignore_patterns("*.safetensors"))
    for name, changes in REAL[family].items():
        change_config(real / name / "config.json", changes)
    return real


def write_hollow_weights(spec: ImageModel) -> None:
    """Write weight files beside a model's configurations, as long as real ones, of zeros that take no disk."""
    assert spec.folder is not None
    skeleton = build_skeleton(spec, check_folder(spec.folder, spec.family, weights=False), torch.bfloat16)
    parts = {family_of(spec).core: skeleton.core, "vae": skeleton.vae, "text_encoder": skeleton.text_encoders[0]}
    for name, network in parts.items():
        stored = network.state_dict().keys()
        tensors = {key: each for key, each in (*network.named_parameters(), *network.named_buffers()) if key in stored}
        header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
        end = 0
        for key, tensor in tensors.items():
            start, end = end, end + tensor.numel() * tensor.element_size()
            dtype = "BF16" if tensor.is_floating_point() else "I64"
            header[key] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [start, end]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        file = "model.safetensors" if name == "text_encoder" else "diffusion_pytorch_model.safetensors"
        with (spec.folder / name / file).open("wb") as stream:
            stream.write(len(text).to_bytes(8, "little") + text)
            stream.truncate(8 + len(text) + end)
