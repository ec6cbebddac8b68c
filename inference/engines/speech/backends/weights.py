"""Load a Whisper model for PyTorch: our own safetensors folder, a hub folder, or an official .pt file of known hash."""

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from whisper.model import ModelDimensions, Whisper

from inference.catalogue import SpeechModel
from inference.errors import ModelUnusable
from inference.hub import fetch

_HUB_NAMES = (  # in transformers' names → in whisper's, in this order
    ("model.", ""),
    ("layers.", "blocks."),
    ("self_attn_layer_norm", "attn_ln"),
    ("encoder_attn_layer_norm", "cross_attn_ln"),
    ("final_layer_norm", "mlp_ln"),
    ("self_attn.", "attn."),
    ("encoder_attn.", "cross_attn."),
    ("q_proj", "query"),
    ("k_proj", "key"),
    ("v_proj", "value"),
    ("out_proj", "out"),
    ("fc1", "mlp.0"),
    ("fc2", "mlp.2"),
    ("embed_tokens", "token_embedding"),
    ("embed_positions.weight", "positional_embedding"),
    ("encoder.layer_norm", "encoder.ln_post"),
    ("decoder.layer_norm", "decoder.ln"),
)


def load_whisper(model: SpeechModel, device: str) -> Whisper:
    """Load the model of a catalogue entry: float16 on a GPU, float32 on the CPU.

    Raises:
        ModelUnusable: the weights are not there, or are not those of a Whisper model.
    """
    try:
        loaded = _load_file(path) if (path := locate(model)).suffix == ".pt" else _load_folder(path)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelUnusable(f"The speech model '{model.name}' could not be loaded: {error}") from error
    return to_device(loaded, device)


def to_device(model: Whisper, device: str) -> Whisper:
    """Move a model to its device, in the type it computes in there. Layer norms stay float32, as whisper's are."""
    model = model.to(device).eval().requires_grad_(False)
    if device != "cpu":
        for module in model.modules():
            if isinstance(module, torch.nn.Linear | torch.nn.Conv1d | torch.nn.Embedding):
                module.half()
    return model


def locate(model: SpeechModel) -> Path:
    """Return the folder or .pt file of a catalogue entry; a hub id is fetched at its pinned revision.

    Raises:
        ModelUnusable: it is not there.
    """
    if (path := model.folder) is not None:
        if not path.exists():
            raise ModelUnusable(
                f"The weights of the speech model '{model.name}' are not in {path}; `make run` fetches them, or: "
                f"python -m inference.engines.speech.fetch {model.name} --to {path}"
            )
        return path
    return fetch(model)


def _load_folder(folder: Path) -> Whisper:
    file = folder / "model.safetensors"
    with safe_open(file, "pt") as opened:
        metadata = opened.metadata() or {}
    state = load_file(file)
    if "whisper_dims" in metadata:
        dims = ModelDimensions(**json.loads(metadata["whisper_dims"]))
        heads = json.loads(metadata.get("alignment_heads", "[]"))
    else:
        dims, heads, state = _from_hub(folder, state)
    model = Whisper(dims)
    model.load_state_dict({name: value.float() for name, value in state.items()})
    if heads:
        model.register_buffer("alignment_heads", _mask(heads, dims).to_sparse(), persistent=False)
    return model


def _mask(heads: list[list[int]], dims: ModelDimensions) -> torch.Tensor:
    mask = torch.zeros(dims.n_text_layer, dims.n_text_head, dtype=torch.bool)
    for layer, head in heads:
        mask[layer, head] = True
    return mask


def _from_hub(
    folder: Path, state: dict[str, torch.Tensor]
) -> tuple[ModelDimensions, list[list[int]], dict[str, torch.Tensor]]:
    """Translate the hub's (transformers') layout."""
    config = json.loads((folder / "config.json").read_text())
    generation = folder / "generation_config.json"
    heads = json.loads(generation.read_text()).get("alignment_heads") if generation.exists() else None
    dims = ModelDimensions(
        n_mels=config["num_mel_bins"],
        n_audio_ctx=config["max_source_positions"],
        n_audio_state=config["d_model"],
        n_audio_head=config["encoder_attention_heads"],
        n_audio_layer=config["encoder_layers"],
        n_vocab=config["vocab_size"],
        n_text_ctx=config["max_target_positions"],
        n_text_state=config["d_model"],
        n_text_head=config["decoder_attention_heads"],
        n_text_layer=config["decoder_layers"],
    )
    return dims, heads or [], {_translate(name): value for name, value in state.items() if name != "proj_out.weight"}


def _translate(name: str) -> str:
    for theirs, ours in _HUB_NAMES:
        name = name.replace(theirs, ours)
    return name


def official_name(file: Path) -> str:
    """Return OpenAI's name for one of its own .pt files.

    Raises:
        ModelUnusable: its hash is not OpenAI's. It is a pickle, so nothing of it is opened then.
    """
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    known: dict[str, str] = {url.split("/")[-2]: name for name, url in whisper._MODELS.items()}
    if digest not in known:
        raise ModelUnusable(f"{file.name} is not one of OpenAI's Whisper files (by its SHA-256), so it is not opened.")
    return known[digest]


def _load_file(file: Path) -> Whisper:
    """Load one of OpenAI's own .pt files, known by its hash."""
    name = official_name(file)
    content: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    dims = ModelDimensions(**content["dims"])
    model = Whisper(dims)
    model.load_state_dict(content["model_state_dict"])
    heads = np.frombuffer(gzip.decompress(base64.b85decode(whisper._ALIGNMENT_HEADS[name])), dtype=bool)
    mask = torch.from_numpy(heads.copy()).reshape(dims.n_text_layer, dims.n_text_head)
    model.register_buffer("alignment_heads", mask.to_sparse(), persistent=False)
    return model
