"""Of a hub model, only what its family loads is downloaded, and nothing that is pickled."""

import fnmatch
from pathlib import Path
from typing import Any

import pytest

from inference.engines.image.families.registry import families
from inference.engines.image.models import loading
from inference.families import FAMILIES
from tests.support.tiny_models import make_spec

REPOSITORY = (
    "model_index.json",
    "README.md",
    "flux.safetensors",
    "pipeline.py",
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer.json",
    "tokenizer/merges.txt",
    "tokenizer/tokenization.py",
    "text_encoder/config.json",
    "text_encoder/model-00001-of-00002.safetensors",
    "text_encoder/model.safetensors.index.json",
    "text_encoder/pytorch_model.bin",
    "transformer/config.json",
    "transformer/diffusion_pytorch_model-00001-of-00002.safetensors",
    "transformer/diffusion_pytorch_model.bin",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
    "pe/model.safetensors",
)


@pytest.mark.parametrize("family", [name for name, traits in FAMILIES.items() if not traits.alone])
def test_only_what_the_family_loads_is_downloaded(family: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: dict[str, Any] = {}

    def download(source: str, **options: Any) -> str:
        asked.update(options, source=source)
        return str(tmp_path / "snapshots" / "commit")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    spec = make_spec(Path("x"), family=family).model_copy(update={"source": "owner/name", "revision": "0" * 40})
    assert loading.fetch_from_hub(spec) == (tmp_path / "snapshots" / "commit", tmp_path)
    taken = {file for file in REPOSITORY if _matches(file, asked["allow_patterns"])}
    taken -= {file for file in REPOSITORY if _matches(file, asked["ignore_patterns"])}
    core = families()[family].core
    weights = {file for file in taken if file.endswith(".safetensors")}
    assert asked["source"] == "owner/name"
    assert asked["revision"] == "0" * 40
    assert {file.split("/")[0] for file in weights} == {core, "text_encoder", "vae"}
    assert {"model_index.json", "tokenizer/merges.txt", "text_encoder/model.safetensors.index.json"} <= taken
    assert not any(file.endswith((".bin", ".py", ".md")) or ".fp16." in file for file in taken)


def _matches(file: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(file, pattern) for pattern in patterns)
