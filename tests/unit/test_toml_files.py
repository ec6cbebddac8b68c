"""Mistakes in an operator's TOML file are said one by one, each with its line."""

from pathlib import Path

import pytest

from bot.shared.tiers import TiersUnusable, read_tiers
from common.toml_files import line_of
from inference.catalogue import read_catalogue
from inference.errors import ModelUnusable

TIERS = """\
timezone = "Europe/Berln"

[[tier]]
name = "everybody"
daily_credits = 60

[[tier]]
name = "patrons"
roles = [11]
daily_credts = 200
max_running = 0

[[guild]]
timezone = "Asia/Tokyo"
"""
MODELS = """\
[[image]]
name = "mine"
title = "Mine"
source = "/srv/mine"
family = "sd3"
licence = "MIT"
width_px = 64
height_px = 64
side_max_px = 64
step = 4
steps = 4
steps_max = 8
guidance = 1.0

[[speech]]
name = "hears"
title = "Hears"
source = "/srv/hears"
"""


def test_tiers_that_are_wrong_are_told_all_at_once_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "tiers.toml"
    file.write_text(TIERS)
    with pytest.raises(TiersUnusable) as refused:
        read_tiers(file)
    told = str(refused.value)
    assert (
        "line 1: timezone is 'Europe/Berln': there is no time zone 'Europe/Berln'. Did you mean Europe/Berlin?" in told
    )
    assert "line 10: daily_credts is no key of a [[tier]]. Did you mean daily_credits?" in told
    assert "line 11: max_running is 0: input should be greater than or equal to 1" in told
    assert "line 13: a [[guild]] has no id, and needs one" in told


def test_catalogue_that_is_wrong_is_told_all_at_once_with_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text(MODELS)
    with pytest.raises(ModelUnusable) as refused:
        read_catalogue(file)
    told = str(refused.value)
    assert "line 5: family is 'sd3': it has to be one of sd, sdxl, " in told
    assert "line 10: step is no key of a [[image]]. Did you mean steps?" in told
    assert "line 15: a [[speech]] has no licence, and needs one" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "no such file"), (b"[[tier]\n", "line 1"), (b"name = '\xe4'\n", "not a text in UTF-8")],
)
def test_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "tiers.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TiersUnusable, match=told):
        read_tiers(file)
    with pytest.raises(ModelUnusable, match=told):
        read_catalogue(file)


def test_table_that_is_written_with_one_bracket_is_told(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text('[image]\nname = "mine"\n')
    with pytest.raises(ModelUnusable, match=r"\[\[image\]\] with two brackets"):
        read_catalogue(file)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("timezone",), 1),
        (("tier", 0, "daily_credits"), 5),
        (("tier", 1, "roles", 0), 9),
        (("tier", 1, "weight"), 7),
        (("guild", 0, "timezone"), 14),
        (("guild", 1, "id"), None),
        (("nothing",), None),
    ],
)
def test_line_is_that_of_the_key_or_of_the_table_that_lacks_it(place: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TIERS, place) == line
