"""Folders of flow-matching transformers with random weights, in the layouts of the real ones."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3ForCausalLM, Qwen3Model

from tests.support.tiny_models import TINY_VAE

# the part of Qwen3's own template that a single message meets
CHAT = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{%- endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
FLUX_VAE = TINY_VAE | {"scaling_factor": 0.3611, "shift_factor": 0.1159, "use_quant_conv": False}
QWEN3: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "max_position_embeddings": 1024,
}


def make_zimage(folder: Path, *, seed: int = 0) -> Path:
    """Write a Z-Image model and return its folder."""
    torch.manual_seed(seed)
    tokenizer = make_qwen_tokenizer(folder / "tokenizer")
    transformer = ZImageTransformer2DModel(
        in_channels=4,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=QWEN3["hidden_size"],
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 64, 64],
    )
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=AutoencoderKL(**FLUX_VAE),
        text_encoder=Qwen3Model(Qwen3Config(**QWEN3, vocab_size=len(tokenizer))),
        tokenizer=tokenizer,
        transformer=_livelier(transformer),
    )
    return _saved(pipeline, folder)


def make_klein(folder: Path, *, distilled: bool = True, seed: int = 0) -> Path:
    """Write a FLUX.2 klein model and return its folder."""
    torch.manual_seed(seed)
    tokenizer = make_qwen_tokenizer(folder / "tokenizer")
    config = Qwen3Config(**QWEN3 | {"num_hidden_layers": 27}, vocab_size=len(tokenizer))
    transformer = Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * QWEN3["hidden_size"],
        timestep_guidance_channels=32,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    vae = AutoencoderKLFlux2(**TINY_VAE)
    vae.bn.running_mean.normal_(std=0.3)
    vae.bn.running_var.uniform_(0.5, 2.0)
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=Qwen3ForCausalLM(config),
        tokenizer=tokenizer,
        transformer=_livelier(transformer),
        is_distilled=distilled,
    )
    return _saved(pipeline, folder)


def make_qwen_tokenizer(folder: Path) -> Any:
    """Write and load a byte-level tokenizer of Qwen's kind, without merges: one token a byte."""
    folder.mkdir(parents=True, exist_ok=True)
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + number) for number in range(len(rest))]
    (folder / "vocab.json").write_text(
        json.dumps({letter: number for number, letter in enumerate([*letters, *SPECIAL])})
    )
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = Qwen2Tokenizer.from_pretrained(folder, local_files_only=True, extra_special_tokens=list(SPECIAL))
    tokenizer.chat_template = CHAT
    return tokenizer


def _livelier(transformer: Any) -> Any:
    """Return a network whose answers depend on all that it is asked: what is zero at the start of a training is not."""
    for parameter in transformer.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    for layer in transformer.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data *= 2.0
    return transformer


def _saved(pipeline: Any, folder: Path) -> Path:
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval()
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder
