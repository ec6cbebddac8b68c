"""Hostile and broken adapters are refused with a sentence before anything of them is used."""

import json
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engines.image.adapters import header, reading
from inference.engines.image.adapters.reading import read_adapter
from inference.engines.image.families.loaded_model import LoadedModel
from inference.errors import AdapterRejected
from tests.support.tiny_adapters import EVERYTHING, make_adapter, make_tensors

Tensors = dict[str, torch.Tensor]


def test_sound_adapter_is_read_with_all_its_layers(sd_model: LoadedModel) -> None:
    content = make_adapter(sd_model, parts=("unet", "text_encoder"), endings=EVERYTHING, rank=3)
    adapter = read_adapter(content, sd_model)
    assert set(adapter.components) == {"unet", "text_encoder"}
    assert any(factor.down.dim() == 4 for factor in adapter.components["unet"].values())  # convolutions, too
    assert adapter.size_bytes > 0


def test_older_key_layouts_mean_the_same(sd_model: LoadedModel) -> None:
    newest = make_tensors(sd_model, parts=("unet", "text_encoder"))
    middle = {key.replace(".lora_A.", ".lora.down.").replace(".lora_B.", ".lora.up."): t for key, t in newest.items()}
    oldest = {
        key.replace(".lora.", ".lora_linear_layer.").replace("text_encoder.", "text_encoder.text_model."): tensor
        for key, tensor in middle.items()
    }
    expected = read_adapter(safetensors.torch.save(newest), sd_model).components
    for tensors in (middle, oldest):
        read = read_adapter(safetensors.torch.save(tensors), sd_model).components
        assert {part: set(layers) for part, layers in read.items()} == {p: set(ls) for p, ls in expected.items()}
        assert all(torch.equal(read[p][n].down, expected[p][n].down) for p in read for n in read[p])


def _unknown_layer(tensors: Tensors) -> Tensors:
    return {key.replace("attentions.0", "attentions.7"): tensor for key, tensor in tensors.items()}


def _unknown_component(tensors: Tensors) -> Tensors:
    return {key.replace("unet.", "text_encoder_2."): tensor for key, tensor in tensors.items()}


def _foreign_key(tensors: Tensors) -> Tensors:
    return tensors | {"unet.__class__.weight": torch.zeros(1)}


def _half(tensors: Tensors) -> Tensors:
    return {key: tensor for key, tensor in tensors.items() if "lora_A" in key}


def _twice(tensors: Tensors) -> Tensors:
    return tensors | {key.replace("lora_A", "lora.down"): t.clone() for key, t in tensors.items() if "lora_A" in key}


def _wrong_shape(tensors: Tensors) -> Tensors:
    return {key: tensor[:, :-1].contiguous() if "lora_A" in key else tensor for key, tensor in tensors.items()}


def _mismatched_ranks(tensors: Tensors) -> Tensors:
    return {key: tensor[:-1].contiguous() if "lora_A" in key else tensor for key, tensor in tensors.items()}


def _no_rank(tensors: Tensors) -> Tensors:
    return {k: t[:0].contiguous() if "lora_A" in k else t[:, :0].contiguous() for k, t in tensors.items()}


def _scalars(tensors: Tensors) -> Tensors:
    return {key: torch.tensor(1.0) for key in tensors}


def _nan(tensors: Tensors) -> Tensors:
    return {key: torch.full_like(tensor, torch.nan) for key, tensor in tensors.items()}


def _infinite(tensors: Tensors) -> Tensors:
    first = next(iter(tensors))
    tensors[first][0, 0] = torch.inf
    return tensors


def _integers(tensors: Tensors) -> Tensors:
    return {key: tensor.to(torch.int64) for key, tensor in tensors.items()}


def _nothing(_: Tensors) -> Tensors:
    return {}


@pytest.mark.parametrize(
    "damage",
    [
        _unknown_layer,
        _unknown_component,
        _foreign_key,
        _half,
        _twice,
        _wrong_shape,
        _mismatched_ranks,
        _no_rank,
        _scalars,
        _nan,
        _infinite,
        _integers,
        _nothing,
    ],
)
def test_adapter_that_does_not_fit_is_rejected(sd_model: LoadedModel, damage: Callable[[Tensors], Tensors]) -> None:
    content = safetensors.torch.save(damage(make_tensors(sd_model)))
    with pytest.raises(AdapterRejected):
        read_adapter(content, sd_model)


def test_rank_beyond_the_cap_is_rejected(sd_model: LoadedModel) -> None:
    with pytest.raises(AdapterRejected, match="rank"):
        read_adapter(make_adapter(sd_model, rank=reading.MAX_RANK + 1), sd_model)


def test_file_beyond_the_cap_is_rejected_unread(sd_model: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_adapter(sd_model)
    monkeypatch.setattr(reading, "MAX_BYTES", len(content) - 1)
    with pytest.raises(AdapterRejected, match="is the most"):
        read_adapter(content, sd_model)


def _header(value: Any) -> bytes:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return struct.pack("<Q", len(text)) + text


FAR = {"unet.conv_in.lora_A.weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 1 << 40]}}
MISSHAPEN = {"unet.conv_in.lora_A.weight": {"dtype": "F32", "shape": "large", "data_offsets": [0, 16]}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 16,
        b"\xff" * 64,
        struct.pack("<Q", 2**62) + b"{}",
        _header([]),
        _header("text"),
        _header(b"[" * 100_000),
        _header({"a": 1}),
        _header({"__metadata__": 5, **FAR}),
        _header({"__metadata__": {"lora_adapter_metadata": "["}, **FAR}),
        _header({"__metadata__": {"lora_adapter_metadata": "[]"}, **FAR}),
        _header(FAR),
        _header(MISSHAPEN) + b"\0" * 16,
        _header({str(number): FAR["unet.conv_in.lora_A.weight"] for number in range(header.MAX_TENSORS + 1)}),
        b"\x80\x04\x95",  # a pickle's beginning
    ],
    ids=range(15),
)
def test_malformed_file_is_rejected(sd_model: LoadedModel, content: bytes) -> None:
    with pytest.raises(AdapterRejected):
        read_adapter(content, sd_model)


@pytest.mark.parametrize(
    "metadata",
    [
        {"unet.r": 4, "unet.lora_alpha": "nan"},
        {"unet.r": 4, "unet.lora_alpha": float("inf")},
        {"unet.r": 4, "unet.lora_alpha": -1},
        {"unet.r": 4, "unet.lora_alpha": None},
        {"unet.r": 4, "unet.use_dora": True},
    ],
    ids=str,
)
def test_settings_that_cannot_be_followed_are_rejected(sd_model: LoadedModel, metadata: dict[str, Any]) -> None:
    with pytest.raises(AdapterRejected):
        read_adapter(make_adapter(sd_model, metadata=metadata), sd_model)


def test_patterns_in_settings_are_names_and_never_run_as_expressions(sd_model: LoadedModel) -> None:
    evil = "(a+)+" * 20 + "$"
    patterns = {evil: 1, "to_q": 8}
    content = make_adapter(sd_model, rank=4, metadata={"unet.lora_alpha": 4, "unet.alpha_pattern": patterns})
    factors = read_adapter(content, sd_model).components["unet"]
    assert {factor.scale for name, factor in factors.items() if name.endswith("to_q")} == {2.0}
    assert {factor.scale for name, factor in factors.items() if name.endswith("to_k")} == {1.0}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_never_raise_anything_else(sd_model: LoadedModel, data: st.DataObject) -> None:
    content = bytearray(make_adapter(sd_model, rank=1, endings=("to_q",)))
    end = 8 + int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    with suppress(AdapterRejected):  # some damage leaves a sound file
        read_adapter(bytes(content[:cut] if data.draw(st.booleans()) else content), sd_model)
