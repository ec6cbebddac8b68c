"""Model folders built from configurations, with random weights: tiny ones for tests, real architectures for benches."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from inference.catalogue import ImageModel

BEGIN, END = "<|startoftext|>", "<|endoftext|>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a model is built from."""

    unet: dict[str, Any]
    vae: dict[str, Any]
    text: tuple[dict[str, Any], ...]
    tiny_vae: bool = False
    prediction: str = "epsilon"


TINY_UNET: dict[str, Any] = {
    "sample_size": 8,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
TINY_VAE: dict[str, Any] = {
    "block_out_channels": (32, 32),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "latent_channels": 4,
    "norm_num_groups": 8,
    "sample_size": 16,
}
TINY_TEXT: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "projection_dim": 32,
}
TINY_SD = Shape(unet=TINY_UNET, vae=TINY_VAE, text=(TINY_TEXT,))
TINY_SD_V = Shape(
    unet=TINY_UNET,
    vae={
        "encoder_block_out_channels": (16, 16),
        "decoder_block_out_channels": (16, 16),
        "num_encoder_blocks": (1, 1),
        "num_decoder_blocks": (1, 1),
        "latent_channels": 4,
    },
    text=(TINY_TEXT,),
    tiny_vae=True,
    prediction="v_prediction",
)
TINY_SDXL = Shape(
    unet=TINY_UNET
    | {
        "cross_attention_dim": 64,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 8 * 6 + 32,
        "transformer_layers_per_block": (1, 2),
        "attention_head_dim": (4, 8),
    },
    vae=TINY_VAE | {"force_upcast": True},
    text=(TINY_TEXT, TINY_TEXT | {"hidden_act": "gelu"}),
)
SD15 = Shape(
    unet={
        "sample_size": 64,
        "block_out_channels": (320, 640, 1280, 1280),
        "cross_attention_dim": 768,
        "attention_head_dim": 8,
    },
    vae={
        "block_out_channels": (128, 256, 512, 512),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 2,
        "latent_channels": 4,
        "sample_size": 512,
    },
    text=({"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12},),
)
SDXL = Shape(
    unet={
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 2048,
        "attention_head_dim": (5, 10, 20),
        "transformer_layers_per_block": (1, 2, 10),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    vae=SD15.vae | {"scaling_factor": 0.13025, "sample_size": 1024},
    text=(
        SD15.text[0] | {"projection_dim": 768},
        {
            "hidden_size": 1280,
            "intermediate_size": 5120,
            "num_attention_heads": 20,
            "num_hidden_layers": 32,
            "projection_dim": 1280,
            "hidden_act": "gelu",
        },
    ),
)


def make_pipeline(shape: Shape, *, scratch: Path, seed: int = 0, device: str = "cpu") -> Any:
    """Build diffusers' own pipeline of a shape, in float32; `scratch` takes the tokenizer's files."""
    torch.manual_seed(seed)
    tokenizer = make_tokenizer(scratch / "tokenizer")
    with torch.device(device):  # where the numbers are drawn: SDXL's would take a minute on a CPU
        parts = [_text_encoder(config, tokenizer, projected=bool(number)) for number, config in enumerate(shape.text)]
        vae = (AutoencoderTiny if shape.tiny_vae else AutoencoderKL)(**shape.vae).eval()
        unet = UNet2DConditionModel(**shape.unet).eval()
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=shape.prediction,
    )
    shared = {"unet": unet, "vae": vae, "scheduler": scheduler, "tokenizer": tokenizer, "text_encoder": parts[0]}
    if len(parts) == 1:
        extras = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        pipeline: Any = StableDiffusionPipeline(**shared, **extras)
    else:
        pipeline = StableDiffusionXLPipeline(
            **shared, tokenizer_2=tokenizer, text_encoder_2=parts[1], add_watermarker=False
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def make_few_step_folder(shape: Shape, folder: Path, scheduler: Any, **unet: Any) -> Path:
    """Write a model that was distilled to few steps, and return its folder.

    Args:
        shape: of the model.
        folder: to write to.
        scheduler: the kind of scheduler that it is used with, begun at the very noise where it can be.
        unet: further fields of the UNet's configuration.
    """
    pipeline = make_pipeline(replace(shape, unet=shape.unet | unet), scratch=folder)
    pipeline.register_modules(scheduler=scheduler.from_config(pipeline.scheduler.config, timestep_spacing="trailing"))
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def make_folder(shape: Shape, folder: Path, *, seed: int = 0) -> Path:
    """Write a model of a shape as a diffusers folder and return it."""
    make_pipeline(shape, scratch=folder, seed=seed).save_pretrained(folder, safe_serialization=True)
    return folder


def make_spec(folder: Path, *, name: str = "tiny", **changes: Any) -> ImageModel:
    """Return a catalogue entry for a folder of the family 'sd', unless `changes` say otherwise."""
    fields: dict[str, Any] = {
        "name": name,
        "title": name,
        "source": f"./{folder}" if not folder.is_absolute() else str(folder),
        "family": "sd",
        "licence": "none",
        "width_px": 16,
        "height_px": 16,
        "side_max_px": 64,
        "steps": 6,
        "steps_max": 50,
        "guidance": 5.0,
    }
    return ImageModel(**fields | changes)


def make_tokenizer(folder: Path) -> Any:
    """Write and load a byte-level tokenizer of CLIP's kind, without merges: one token a letter."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), BEGIN, END]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=77, local_files_only=True)


def _text_encoder(config: dict[str, Any], tokenizer: Any, *, projected: bool) -> Any:
    size = len(tokenizer)
    ends = {"bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}
    kind = CLIPTextModelWithProjection if projected else CLIPTextModel
    return kind(CLIPTextConfig(**config, vocab_size=size, max_position_embeddings=77, **ends)).eval()
