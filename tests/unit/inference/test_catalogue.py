"""A catalogue's hub models are pinned to a commit: nothing that somebody else can move."""

from pathlib import Path

import pytest

from inference.catalogue import read_catalogue
from inference.errors import ModelUnusable

COMMIT = "451f4fe16113bff5a5d2269ed5ad43b0592e9a14"
LINE = """
[[image]]
name = "large"
title = "Large"
source = "{source}"
revision = "{revision}"
licence = "MIT"
family = "sd"
width_px = 512
height_px = 512
side_max_px = 768
steps = 20
steps_max = 50
guidance = 7
"""


def catalogue(tmp_path: Path, revision: str, source: str = "owner/name") -> Path:
    file = tmp_path / "models.toml"
    file.write_text(LINE.format(revision=revision, source=source), encoding="utf-8")
    return file


@pytest.mark.parametrize("revision", ["", "main", "v1.5", "refs/pr/3", COMMIT[:7], COMMIT.upper(), COMMIT + "0"])
def test_hub_model_that_is_not_pinned_to_a_commit_is_refused_at_the_start(tmp_path: Path, revision: str) -> None:
    with pytest.raises(ModelUnusable, match="40 characters of a commit") as refused:
        read_catalogue(catalogue(tmp_path, revision))
    assert "model 'large'" in str(refused.value)


def test_hub_model_that_is_pinned_to_a_commit_is_taken(tmp_path: Path) -> None:
    assert read_catalogue(catalogue(tmp_path, COMMIT)).image("large").revision == COMMIT


@pytest.mark.parametrize("source", ["builtin", "./weights", "/srv/models/large"])
def test_local_model_needs_no_revision(tmp_path: Path, source: str) -> None:
    assert read_catalogue(catalogue(tmp_path, "", source)).image("large").folder is not None
