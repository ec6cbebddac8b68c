"""LoRA files that are broken, hostile or something else are refused with a sentence as they are converted."""

import json
import pickle
import re
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from inference.engines.image.adapters.conversion import convert_lora
from inference.engines.image.adapters.header import LORA_MAX_BYTES
from inference.engines.image.adapters.reading import MAX_RANK
from inference.engines.image.families.loaded_model import LoadedModel
from inference.errors import AdapterRejected
from tests.support.foreign_adapters import kohya_file
from tests.support.tiny_adapters import make_tensors

Tensors = dict[str, torch.Tensor]
MEMORY_MAX_BYTES = 48 << 20  # what a header of the largest size takes as Python reads it


def kohya_tensors(model: LoadedModel, *, rank: int = 2) -> Tensors:
    return safetensors.torch.load(kohya_file(make_tensors(model, rank=rank, endings=("to_q",)), alpha=1.0))


def refusal(content: bytes, model: LoadedModel, folder: Path) -> str:
    """Return the sentence with which a file is refused; nothing may have been written."""
    source, target = folder / "some.safetensors", folder / "converted.safetensors"
    source.write_bytes(content)
    with pytest.raises(AdapterRejected) as refused:
        convert_lora(source, target, model)
    assert not target.exists()
    return str(refused.value)


def _add(**tensors: torch.Tensor) -> Callable[[Tensors], Tensors]:
    return lambda sound: sound | {key.replace("__", "."): tensor for key, tensor in tensors.items()}


def _each(change: Callable[[torch.Tensor], torch.Tensor], ending: str) -> Callable[[Tensors], Tensors]:
    return lambda sound: {key: change(t) if key.endswith(ending) else t for key, t in sound.items()}


def _named(old: str, new: str) -> Callable[[Tensors], Tensors]:
    return lambda sound: {re.sub(old, new, key): tensor for key, tensor in sound.items()}


ONE = torch.zeros(1)
WRONG: dict[str, tuple[Callable[[Tensors], Tensors], str]] = {
    "nan": (_each(lambda t: t * torch.nan, "down.weight"), "not finite"),
    "infinite": (_each(lambda t: t + torch.inf, "up.weight"), "not finite"),
    "nan scale": (_each(lambda t: t * torch.nan, ".alpha"), "scale .* not usable"),
    "negative scale": (_each(lambda t: t - 9, ".alpha"), "scale .* not usable"),
    "huge scale": (_each(lambda t: t + 1e9, ".alpha"), "scale .* not usable"),
    "scale of many numbers": (_each(lambda t: torch.ones(3), ".alpha"), "scale .* not usable"),
    "ranks that differ": (_each(lambda t: t[:1].clone(), "down.weight"), "shapes .* do not fit"),
    "another width": (_each(lambda t: t[:, :-1].contiguous(), "down.weight"), "shapes .* do not fit"),
    "no rank": (_each(lambda t: t[:0].clone(), "down.weight"), "rank .* is 0"),
    "numbers for matrices": (_each(lambda t: torch.tensor(1.0), "weight"), "rank .* is 0"),
    "half": (lambda sound: {key: t for key, t in sound.items() if "up" not in key}, "only half of the change"),
    "wrong layer": (_named("attentions_0", "attentions_7"), "another model"),
    "another family's": (_named("down_blocks_0_attentions_0", "input_blocks_4_1"), "matrices that no layer"),
    "blocks without end": (_named("down_blocks_0", "input_blocks_99999999"), "not named as"),
    "a name without end": (_add(**{"x" * 5000 + "__lora_up__weight": ONE}), "not named as"),
    "another alphabet": (_add(lora_unet_ключ__lora_up__weight=ONE), "not named as"),
    "no LoRA at all": (lambda sound: {"model.diffusion_model.input_blocks.0.0.weight": ONE}, "not named as"),
    "LoHa": (_add(lora_unet_a__hada_w1_a=ONE), "a LoHa; only plain LoRA"),
    "LoKr": (_add(lora_unet_a__lokr_w1=ONE), "a LoKr; only plain LoRA"),
    "DoRA": (_add(lora_unet_a__dora_scale=ONE), "a DoRA; only plain LoRA"),
    "Tucker": (_add(lora_unet_a__lora_mid__weight=ONE), "Tucker"),
    "difference": (_add(lora_unet_a__diff=ONE), "full difference"),
    "embedding": (lambda sound: {"emb_params": torch.zeros(2, 32)}, "textual inversion"),
}


@pytest.mark.parametrize("name", WRONG)
def test_tensors_that_no_lora_of_this_model_has_are_refused(sd_model: LoadedModel, tmp_path: Path, name: str) -> None:
    damage, told = WRONG[name]
    sentence = refusal(safetensors.torch.save(damage(kohya_tensors(sd_model))), sd_model, tmp_path)
    assert re.search(told, sentence), sentence
    assert "\n" not in sentence
    assert len(sentence) < 250


def test_rank_beyond_the_cap_is_refused(sd_model: LoadedModel, tmp_path: Path) -> None:
    tensors = kohya_tensors(sd_model, rank=MAX_RANK + 1)
    assert "rank" in refusal(safetensors.torch.save(tensors), sd_model, tmp_path)


def _header(value: Any) -> bytes:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return struct.pack("<Q", len(text)) + text


class Canary:
    """A pickle that leaves a file where it is opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("canary", "w")


ENTRY = {"dtype": "F32", "shape": [4], "data_offsets": [0, 1 << 40]}
FILES = {
    "nothing": (b"", "not a safetensors file"),
    "pickle": (pickle.dumps(Canary()), "not a safetensors file"),
    "zip": (b"PK\x03\x04" + b"\0" * 200, "not a safetensors file"),
    "header without end": (struct.pack("<Q", 2**62) + b"{}", "not a safetensors file"),
    "tensors beyond the end": (_header({"lora_unet_x.lora_up.weight": ENTRY}), "not a readable"),
    "nested": (_header(b"[" * 100_000), "malformed"),
    "10,000 tensors": (_header({f"lora_unet_{n}.lora_up.weight": ENTRY for n in range(10_000)}), "10000 tensors"),
    "settings": (_header({"__metadata__": {"lora_adapter_metadata": "["}, "x": ENTRY}), "not a readable|malformed"),
    "metadata of numbers": (_header({"__metadata__": 5, "x": ENTRY}), "malformed"),
    "integers": (_header({"x": ENTRY | {"dtype": "I8"}}), "unexpected type"),
}


@pytest.mark.parametrize("name", FILES)
def test_file_that_is_no_sound_safetensors_is_refused_unopened(
    sd_model: LoadedModel, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content, told = FILES[name]
    tracemalloc.start()
    sentence = refusal(content, sd_model, tmp_path)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert re.search(told, sentence), sentence
    assert peak_bytes < MEMORY_MAX_BYTES
    assert not (tmp_path / "canary").exists()


def test_file_beyond_the_cap_is_refused_unread(sd_model: LoadedModel, tmp_path: Path) -> None:
    source = tmp_path / "large.safetensors"
    with source.open("wb") as file:
        file.truncate(LORA_MAX_BYTES + 1)  # a hole: nothing is on the disk
    tracemalloc.start()
    with pytest.raises(AdapterRejected, match="1024 MB is the most"):
        convert_lora(source, tmp_path / "converted.safetensors", sd_model)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1 << 20


def test_file_that_is_not_there_is_refused(sd_model: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(AdapterRejected, match="can't be read: No such file"):
        convert_lora(tmp_path / "none.safetensors", tmp_path / "converted.safetensors", sd_model)
