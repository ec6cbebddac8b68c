"""`atelier loras`: from a file of kohya's to a style in the catalogue, and out of it again."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from bot.__main__ import main
from inference.catalogue import read_catalogue
from inference.engines.image.models.model import layers_of
from tests.support.foreign_adapters import kohya_file
from tests.support.tiny_adapters import make_tensors
from tests.support.tiny_models import TINY_SD, make_pipeline, make_spec

MODEL = """
[[image]]
name = "{name}"
title = "{name}"
source = "{source}"
family = "sd"
licence = "none"
width_px = {side}
height_px = {side}
side_max_px = 64
steps = 6
steps_max = 50
guidance = 5.0
"""
BUILTIN = MODEL.format(name="own", source="builtin", side=16)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model in `model`, and a LoRA for it."""
    folder = tmp_path_factory.mktemp("tiny")
    pipeline = make_pipeline(TINY_SD, scratch=folder / "model")
    pipeline.save_pretrained(folder / "model", safe_serialization=True)
    model = SimpleNamespace(spec=make_spec(folder / "model"), layers={"unet": layers_of(pipeline.unet)})
    tensors = make_tensors(model, rank=2, endings=("to_q",))  # type: ignore[arg-type]
    told = {"modelspec.trigger_phrase": "ink\u202e drawing", "modelspec.title": "Ink"}
    (folder / "Ink v2.safetensors").write_bytes(kohya_file(tensors, alpha=1.0, sgm=False, **told))
    return folder


@pytest.fixture
def data(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose catalogue has the tiny model, and the built-in one, whose shapes are others."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CATALOGUE", raising=False)
    (tmp_path / "data").mkdir()
    entry = MODEL.format(name="tiny", source=tiny / "model", side=16)
    (tmp_path / "data" / "models.toml").write_text(f"# ours\n{BUILTIN}{entry}")
    return tmp_path / "data"


def test_lora_is_added_listed_and_removed(
    data: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (900, 600), "teal").save(tmp_path / "example.png")
    added = ["--licence", "CC0-1.0", "--strength", "0.7", "--picture", str(tmp_path / "example.png")]
    assert main(["loras", "add", str(tiny / "Ink v2.safetensors"), *added]) == 0
    said = capsys.readouterr().out
    assert "by matrices of rank 2 at most; it fits tiny." in said
    assert "It does not fit own, of the same family." in said
    (lora,) = read_catalogue(data / "models.toml").loras
    assert (lora.name, lora.title, lora.words, lora.strength) == ("ink-v2", "Ink", "ink drawing", 0.7)
    assert (lora.family, lora.base, lora.models) == ("sd", "tiny", ("tiny",))
    assert lora.path == data / "loras" / "ink-v2.safetensors"
    with Image.open(lora.picture) as example:
        assert (example.format, example.size) == ("WEBP", (512, 341))
    assert (data / "models.toml").read_text().startswith("# ours")

    assert main(["loras", "list"]) == 0
    assert "ink-v2: Ink, CC0-1.0, strength 0.7, says 'ink drawing'; for tiny" in capsys.readouterr().out
    assert main(["loras", "remove", "ink"]) == 1
    assert "no LoRA 'ink'. Did you mean ink-v2?" in capsys.readouterr().err
    assert main(["loras", "remove", "ink-v2", "--files"]) == 0
    assert read_catalogue(data / "models.toml").loras == ()
    assert list((data / "loras").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (b"\x80\x04.", [], "The adapter is not a safetensors file."),
        (None, ["--base", "tin"], "No model 'tin' takes LoRAs here. Did you mean tiny?"),
        (None, ["--strength", "9"], "--strength must be from -2 to 2"),
        (None, ["--name", "tiny"], "has a model 'tiny' already"),
    ],
    ids=str,
)
def test_lora_that_cannot_be_added_leaves_nothing(
    data: Path,
    tiny: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    options: list[str],
    told: str,
) -> None:
    file = tiny / "Ink v2.safetensors"
    if content is not None:
        file = tmp_path / "Ink v2.safetensors"
        file.write_bytes(content)
    before = (data / "models.toml").read_text()
    assert main(["loras", "add", str(file), *options]) == 1
    assert re.search(told, capsys.readouterr().err)
    assert (data / "models.toml").read_text() == before
    assert not list((data / "loras").glob("*"))
