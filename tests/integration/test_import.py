"""`atelier models import`, from a file to a model that members can choose."""

from pathlib import Path

import pytest
import torch

from bot.__main__ import main
from bot.models import importing
from inference.catalogue import read_catalogue
from inference.engines.image.models.folders import check_folder
from inference.errors import ModelUnusable
from tests.support.original_checkpoints import write_checkpoint
from tests.support.tiny_models import TINY_SD, make_folder


def test_checkpoint_is_imported_and_in_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CATALOGUE", raising=False)
    folder = make_folder(TINY_SD, tmp_path / "tiny")
    file = write_checkpoint(folder, tmp_path / "My Style.safetensors", "sd-1", {"v_pred": torch.empty(0)})
    assert main(["models", "import", str(file), "--template", str(folder), "--licence", "MIT"]) == 0
    said = capsys.readouterr().out
    assert "Its network predicts velocity, by its key v_pred." in said
    added = read_catalogue(tmp_path / "data" / "models.toml").image("my-style")
    assert (added.title, added.licence, added.family, added.width_px) == ("My Style", "MIT", "sd", 16)
    assert added.folder
    assert check_folder(added.folder, added.family).weight_bytes > 0


def test_pickle_is_refused_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "model.ckpt").write_bytes(b"\x80\x04")
    assert main(["models", "import", str(tmp_path / "model.ckpt")]) == 1
    assert "is no safetensors file, and other formats can run code" in capsys.readouterr().err
    assert not (tmp_path / "data" / "models.toml").exists()


def test_nothing_is_left_of_a_checkpoint_that_cannot_be_written_into_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CATALOGUE", raising=False)
    folder = make_folder(TINY_SD, tmp_path / "tiny")
    file = write_checkpoint(folder, tmp_path / "style.safetensors", "sd-1")

    def refuse(*_: object) -> str:
        raise ModelUnusable("it was changed by another program just now")

    monkeypatch.setattr(importing, "add_entry", refuse)
    assert main(["models", "import", str(file), "--template", str(folder)]) == 1
    assert "it was changed by another program just now" in capsys.readouterr().err
    assert list((tmp_path / "data" / "models").iterdir()) == []
