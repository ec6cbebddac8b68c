"""A catalogue's hub models are pinned to a commit: nothing that somebody else can move."""

from pathlib import Path

import pytest

from inference.catalogue import read_catalogue
from inference.errors import ModelUnusable, UnknownModel

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


def upscaler(tmp_path: Path, lines: str) -> Path:
    file = catalogue(tmp_path, COMMIT)
    terms = '[[upscaler]]\nname = "up"\ntitle = "Up"\nlicence = "BSD-3-Clause"\n'
    file.write_text(file.read_text("utf-8") + terms + lines, encoding="utf-8")
    return file


def test_upscaler_is_a_file_a_folder_or_a_file_of_a_pinned_repository(tmp_path: Path) -> None:
    for source in ("./4x.safetensors", "/srv/upscalers", "builtin"):
        read = read_catalogue(upscaler(tmp_path, f'source = "{source}"\nscale = 4\n'))
        assert read.upscaler("up").folder is not None
    pinned = f'source = "owner/name"\nrevision = "{COMMIT}"\nfile = "4x.safetensors"\nscale = 4\n'
    assert read_catalogue(upscaler(tmp_path, pinned)).upscaler("up").folder is None
    with pytest.raises(UnknownModel):
        read_catalogue(upscaler(tmp_path, pinned)).upscaler("large")  # a picture model's name


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('source = "./w"', r"line 15: a \[\[upscaler\]\] has no scale"),
        ('source = "./w"\nscale = 1', "line 20: scale is 1: input should be greater than or equal to 2"),
        ('source = "./w"\nscale = 4\ntile_pxs = 64', "tile_pxs is no key of a .*Did you mean tile_px"),
        ('source = "./w"\nscale = 4\ntile_px = 8', "tile_px is at least 32"),
        ('source = "./w"\nscale = 4\nsha256 = "abc"', "sha256 is 'abc'"),
        ('source = "./w"\nscale = 4\nfile = "../w.safetensors"', "file is '../w.safetensors'"),
        ('source = "./w"\nscale = 4\nfile = "w.pth"', "file is 'w.pth'"),
        (f'source = "owner/name"\nrevision = "{COMMIT}"\nscale = 4', "of a hub id, only one file is fetched"),
        ('source = "owner/name"\nfile = "w.safetensors"\nscale = 4', "40 characters of a commit"),
    ],
)
def test_upscaler_that_is_described_wrongly_is_refused_with_its_line(tmp_path: Path, lines: str, sentence: str) -> None:
    with pytest.raises(ModelUnusable, match=sentence):
        read_catalogue(upscaler(tmp_path, lines + "\n"))


def checker(tmp_path: Path, lines: str) -> Path:
    file = catalogue(tmp_path, COMMIT)
    terms = '[[checker]]\nname = "looks"\ntitle = "Looks"\nlicence = "Apache-2.0"\n'
    file.write_text(file.read_text("utf-8") + terms + lines, encoding="utf-8")
    return file


def test_checker_is_a_folder_or_a_pinned_repository_with_the_labels_that_flag(tmp_path: Path) -> None:
    for source in ('"./looks"', f'"owner/name"\nrevision = "{COMMIT}"'):
        lines = f"source = {source}\nlabels = {{ nsfw = 0.7, gore = 1 }}\n"
        (read,) = read_catalogue(checker(tmp_path, lines)).checkers
        assert read.labels == {"nsfw": 0.7, "gore": 1.0}


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('source = "./w"', r"a \[\[checker\]\] has no labels"),
        ('source = "./w"\nlabels = {}', "labels"),
        (
            'source = "./w"\nlabels = { nsfw = nan }',
            "labels is nan: input should be a finite",
        ),
        ('source = "./w"\nlabels = { nsfw = inf }', "labels is inf: input should be a finite"),
        ('source = "./w"\nlabels = { nsfw = "high" }', "labels is 'high': input should be a valid number"),
        ('source = "builtin"\nlabels = { nsfw = 0.5 }', "none is built in"),
        ('source = "./w"\nmust_accept = true\nlabels = { nsfw = 0.5 }', "members do not use it"),
        ('source = "owner/name"\nlabels = { nsfw = 0.5 }', "40 characters of a commit"),
    ],
)
def test_checker_that_is_described_wrongly_is_refused(tmp_path: Path, lines: str, sentence: str) -> None:
    with pytest.raises(ModelUnusable, match=sentence):
        read_catalogue(checker(tmp_path, lines + "\n"))
