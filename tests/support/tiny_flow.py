"""Folders of flow-matching transformers with random weights, in the layouts of the real ones."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    ErnieImagePipeline,
    ErnieImageTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import (
    Mistral3Config,
    Mistral3Model,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
)

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
# with them, the beginning of Qwen-Image's chat is as long as with the real tokenizer: 34 tokens
QWEN_IMAGE_WORDS = (
    *("Describe the", " image", " by", " detailing", " the", " color,", " shape,", " size,", " texture,", " quantity,"),
    *(" text,", " spatial", " relationships", " of", " objects", " and", " background:"),
)
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
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=_with_statistics(AutoencoderKLFlux2(**TINY_VAE)),
        text_encoder=Qwen3ForCausalLM(config),
        tokenizer=tokenizer,
        transformer=_livelier(transformer),
        is_distilled=distilled,
    )
    return _saved(pipeline, folder)


def make_ernie_image(folder: Path, *, seed: int = 0) -> Path:
    """Write an ERNIE-Image model and return its folder."""
    torch.manual_seed(seed)
    byte_level = make_qwen_tokenizer(folder / "tokenizer")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=byte_level.backend_tokenizer, model_max_length=256, bos_token="<|im_start|>"
    )
    text: dict[str, Any] = {**QWEN3, "model_type": "mistral", "vocab_size": len(byte_level)}
    sight = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    transformer = ErnieImageTransformer2DModel(
        hidden_size=32,
        num_attention_heads=2,
        num_layers=2,
        ffn_hidden_size=48,
        in_channels=16,
        out_channels=16,
        text_in_dim=QWEN3["hidden_size"],
        rope_axes_dim=(8, 4, 4),
    )
    config = Mistral3Config(text_config=text, vision_config={**sight, "model_type": "pixtral", "head_dim": 8})
    pipeline = ErnieImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_with_statistics(AutoencoderKLFlux2(**TINY_VAE)),
        text_encoder=Mistral3Model(config),
        tokenizer=tokenizer,
        transformer=_livelier(transformer),
    )
    return _saved(pipeline, folder)


def make_qwen_image(folder: Path, *, seed: int = 0) -> Path:
    """Write a Qwen-Image model and return its folder."""
    torch.manual_seed(seed)
    tokenizer = make_qwen_tokenizer(folder / "tokenizer", QWEN_IMAGE_WORDS)
    text: dict[str, Any] = {
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "rope_scaling": {"mrope_section": [1, 1, 2], "rope_type": "default", "type": "default"},
        "rope_theta": 1000000.0,
        "vocab_size": len(tokenizer),
    }
    sight = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    transformer = QwenImageTransformer2DModel(
        in_channels=16,
        out_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        axes_dims_rope=(8, 4, 4),
    )
    vae = AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 2],
        num_res_blocks=1,
        temperal_downsample=[False],
        latents_mean=[0.1, -0.2, 0.3, 0.0],
        latents_std=[1.5, 0.8, 1.1, 2.0],
    )
    pipeline = QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift_terminal=0.02),
        vae=vae,
        text_encoder=Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=sight)),
        tokenizer=tokenizer,
        transformer=_livelier(transformer, factor=6.0, but=("_mod", "norm_out", "time_text")),
    )
    return _saved(pipeline, folder)


def make_qwen_tokenizer(folder: Path, words: tuple[str, ...] = ()) -> Any:
    """Write and load a byte-level tokenizer of Qwen's kind, without merges: one token a byte, or one of `words`."""
    folder.mkdir(parents=True, exist_ok=True)
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + number) for number in range(len(rest))]
    (folder / "vocab.json").write_text(
        json.dumps({letter: number for number, letter in enumerate([*letters, *SPECIAL, *words])})
    )
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = Qwen2Tokenizer.from_pretrained(folder, local_files_only=True, extra_special_tokens=[*SPECIAL, *words])
    tokenizer.chat_template = CHAT
    return tokenizer


def _with_statistics(vae: Any) -> Any:
    """Return the autoencoder with a batch norm that has seen something."""
    vae.bn.running_mean.normal_(std=0.3)
    vae.bn.running_var.uniform_(0.5, 2.0)
    return vae


def _livelier(transformer: Any, *, factor: float = 2.0, but: tuple[str, ...] = ()) -> Any:
    """Return a network whose answers depend on all that it is asked.

    What is zero at the start of a training is not, and linear layers are stronger, but those with one of these words
    in their names.
    """
    for parameter in transformer.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    for name, layer in transformer.named_modules():
        if isinstance(layer, torch.nn.Linear) and not any(word in name for word in but):
            layer.weight.data *= factor
    return transformer


def _saved(pipeline: Any, folder: Path) -> Path:
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval()
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder
