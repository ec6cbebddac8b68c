"""Hostile and broken model folders: a clear `ModelUnusable`, and nothing in them ever runs."""

import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from inference.engines.image.models.folders import check_folder
from inference.engines.image.models.loading import ModelCache, locate
from inference.errors import ModelUnusable
from tests.support.tiny_models import make_spec

WEIGHTS = "diffusion_pytorch_model.safetensors"


class Canary:
    """Creates a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return (Path.touch, (self.file,))


@pytest.fixture
def folder(sd_folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(sd_folder, copy)
    return copy


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def edit(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def assert_unusable(folder: Path, canary: Path, words: str) -> None:
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    try:
        with pytest.raises(ModelUnusable, match=words):
            cache.get(make_spec(folder))
    finally:
        cache.close()
    assert not canary.exists()


def test_canary_would_sing_if_it_were_opened(canary: Path) -> None:
    pickle.loads(pickle.dumps(Canary(canary)))  # noqa: S301 - shows that the other tests could fail
    assert canary.exists()


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.bin", "diffusion_pytorch_model.ckpt", "model.pt", "a.pkl"])
def test_pickled_weights_are_refused_unopened(folder: Path, canary: Path, name: str) -> None:
    (folder / "unet" / WEIGHTS).unlink()
    (folder / "unet" / name).write_bytes(pickle.dumps(Canary(canary)))
    assert_unusable(folder, canary, "only pickled weights")


def test_pickles_beside_safetensors_are_never_opened(folder: Path, canary: Path) -> None:
    for part in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
        for name in ("diffusion_pytorch_model.bin", "pytorch_model.bin", "model.bin"):
            (folder / part / name).write_bytes(pickle.dumps(Canary(canary)))
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    cache.get(make_spec(folder))
    cache.close()
    assert not canary.exists()


def test_pickle_named_safetensors_is_refused(folder: Path, canary: Path) -> None:
    (folder / "unet" / WEIGHTS).write_bytes(pickle.dumps(Canary(canary)))
    assert_unusable(folder, canary, "not a safetensors file")


def _cut(content: bytes) -> bytes:
    return content[:-100]


def _padded(content: bytes) -> bytes:
    return content + b"\0" * 64


def _empty(_: bytes) -> bytes:
    return b""


def _huge_header(_: bytes) -> bytes:
    return struct.pack("<Q", 2**63) + b"{}"


def _not_json(_: bytes) -> bytes:
    return struct.pack("<Q", 8) + b"notjson!"


def _deep_json(_: bytes) -> bytes:
    header = b"[" * 200_000
    return struct.pack("<Q", len(header)) + header


def _list_header(_: bytes) -> bytes:
    return struct.pack("<Q", 2) + b"[]"


def _bad_offsets(_: bytes) -> bytes:
    header = b'{"a":{"dtype":"F32","shape":[4],"data_offsets":"far"}}'
    return struct.pack("<Q", len(header)) + header


@pytest.mark.parametrize(
    "damage", [_cut, _padded, _empty, _huge_header, _not_json, _deep_json, _list_header, _bad_offsets]
)
def test_malformed_safetensors_are_refused(folder: Path, canary: Path, damage: Callable[[bytes], bytes]) -> None:
    file = folder / "unet" / WEIGHTS
    file.write_bytes(damage(file.read_bytes()))
    assert_unusable(folder, canary, "safetensors")


@pytest.mark.parametrize("shard", ["evil.bin", "../evil.safetensors", "/etc/passwd", "gone.safetensors", 5, None])
@pytest.mark.parametrize("part", ["unet", "text_encoder"])
def test_split_weights_that_are_no_safetensors_beside_their_index_are_refused(
    folder: Path, canary: Path, part: str, shard: Any
) -> None:
    stem = "diffusion_pytorch_model" if part == "unet" else "model"
    weights = folder / part / f"{stem}.safetensors"
    names = list(safetensors.torch.load_file(weights))
    weights.rename(folder / part / "other.safetensors")
    for name in ("unet/evil.bin", "text_encoder/evil.bin", "evil.safetensors"):
        (folder / name).write_bytes(pickle.dumps(Canary(canary)))
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, shard)}
    (folder / part / f"{stem}.safetensors.index.json").write_text(json.dumps(index))
    assert_unusable(folder, canary, "no safetensors beside it")


def test_split_weights_are_loaded(folder: Path) -> None:
    file = folder / "unet" / WEIGHTS
    tensors = safetensors.torch.load_file(file)
    file.unlink()
    shards = {"one.safetensors": list(tensors)[::2], "two.safetensors": list(tensors)[1::2]}
    for name, keys in shards.items():
        safetensors.torch.save_file({key: tensors[key] for key in keys}, folder / "unet" / name)
    index = {"metadata": {}, "weight_map": {key: name for name, keys in shards.items() for key in keys}}
    (folder / "unet" / f"{WEIGHTS}.index.json").write_text(json.dumps(index))
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    assert torch.equal(cache.get(make_spec(folder)).core.conv_in.weight, tensors["conv_in.weight"])
    cache.close()


def test_missing_weights_are_refused_instead_of_drawn_at_random(folder: Path, canary: Path) -> None:
    file = folder / "unet" / WEIGHTS
    tensors = safetensors.torch.load_file(file)
    del tensors["conv_in.weight"]
    safetensors.torch.save_file(tensors, file)
    assert_unusable(folder, canary, "lacks 1 weights, among them conv_in.weight")


def test_weights_of_another_shape_are_refused(folder: Path, canary: Path) -> None:
    file = folder / "unet" / WEIGHTS
    tensors = safetensors.torch.load_file(file)
    tensors["conv_in.weight"] = torch.zeros(1, 4, 3, 3)
    safetensors.torch.save_file(tensors, file)
    assert_unusable(folder, canary, "could not be loaded")


@pytest.mark.parametrize(
    "changes",
    [
        {"_class_name": "CustomPipeline"},
        {"_class_name": ["pipeline.py", "Evil"]},
        {"unet": ["custom_unet", "UNet2DConditionModel"]},
        {"unet": ["diffusers", "Evil"]},
        {"unet": ["os", "system"]},
        {"unet": "diffusers"},
        {"vae": None},
        {"safety_checker": ["checker.py", "Checker"]},
        {"feature_extractor": ["builtins", "exec"]},
        {"scheduler": ["diffusers", "os.system"]},
        {"scheduler": ["diffusers", "NoSuchScheduler"]},
        {"scheduler": ["diffusers", "DiffusionPipeline"]},
        {"custom_pipeline": "owner/evil"},
        {"auto_map": {"AutoModel": "evil.Model"}},
    ],
    ids=str,
)
def test_index_that_names_foreign_code_is_refused(folder: Path, canary: Path, changes: dict[str, Any]) -> None:
    code = f"from pathlib import Path\nPath({str(canary)!r}).touch()\n"
    for name in ("pipeline.py", "custom_unet.py", "evil.py", "checker.py"):
        (folder / name).write_text(code)
        (folder / "unet" / name).write_text(code)
    edit(folder / "model_index.json", **changes)
    assert_unusable(folder, canary, ".")


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
@pytest.mark.parametrize("key", ["auto_map", "quantization_config"])
def test_part_that_asks_for_code_of_its_own_is_refused(folder: Path, canary: Path, part: str, key: str) -> None:
    edit(folder / part / "config.json", **{key: {"AutoModel": "evil.Model", "quant_method": "gptq"}})
    assert_unusable(folder, canary, "asks for code of its own|quantised")


@pytest.mark.parametrize(
    "link", ["model_index.json", "unet/config.json", f"unet/{WEIGHTS}", "tokenizer/vocab.json", "vae"]
)
def test_links_that_leave_the_folder_are_refused(folder: Path, canary: Path, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    (folder / link).rename(outside)
    (folder / link).symlink_to(outside, target_is_directory=outside.is_dir())
    assert_unusable(folder, canary, "link to outside")


def test_dangling_link_is_refused(folder: Path, canary: Path) -> None:
    (folder / "unet" / WEIGHTS).unlink()
    (folder / "unet" / WEIGHTS).symlink_to(folder / "unet" / "gone.safetensors")
    assert_unusable(folder, canary, "missing")


def test_links_within_a_hub_cache_are_followed(folder: Path, tmp_path: Path) -> None:
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        blob = blobs / file.relative_to(folder).as_posix().replace("/", "-")
        file.rename(blob)
        file.symlink_to(os.path.relpath(blob, file.parent))
    spec = make_spec(folder, source="owner/name", revision="a" * 40)
    found = locate(spec, fetch=lambda _spec: (folder, tmp_path))
    assert found.weight_bytes > 0
    with pytest.raises(ModelUnusable, match="link to outside"):
        check_folder(folder, "sd")


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_missing_part_is_refused(folder: Path, canary: Path, part: str) -> None:
    shutil.rmtree(folder / part)
    assert_unusable(folder, canary, part)


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '"text"', "[" * 100_000, "{}" + " " * (1 << 21)], ids=len)
def test_index_that_is_no_object_is_refused(folder: Path, canary: Path, content: str) -> None:
    (folder / "model_index.json").write_text(content)
    assert_unusable(folder, canary, "model_index.json")


def test_model_of_another_family_is_refused(sd_folder: Path, canary: Path) -> None:
    cache = ModelCache("cpu", limit_bytes=1 << 30)
    with pytest.raises(ModelUnusable, match="not a sdxl model"):
        cache.get(make_spec(sd_folder, family="sdxl"))
    cache.close()


def test_model_that_reads_a_whole_picture_is_refused(folder: Path, canary: Path) -> None:
    file = folder / "unet" / WEIGHTS
    tensors = safetensors.torch.load_file(file)
    tensors["conv_in.weight"] = tensors["conv_in.weight"].repeat(1, 3, 1, 1)[:, :8].contiguous()
    safetensors.torch.save_file(tensors, file)
    edit(folder / "unet" / "config.json", in_channels=8)
    assert_unusable(folder, canary, "not a plain text-to-image model")
