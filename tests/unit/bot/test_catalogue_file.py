"""The catalogue's file as programs change it: what was there stays, and nothing is lost."""

import threading
from pathlib import Path
from typing import Any

import pytest

from bot.models.catalogue_file import add_entry, remove_entry
from bot.models.names import new_name
from inference.catalogue import DEFAULT_FILE, read_catalogue
from inference.errors import ModelUnusable

OWN = """# mine
[[image]]
name = "first" # the default
title = "First"
source = "/srv/first"
family = "sd"
licence = "MIT"
width_px = 512
height_px = 512
side_max_px = 768
steps = 20
steps_max = 50
guidance = 7.0

# hears
[[speech]]
name = "ears"
title = "Ears"
source = "/srv/ears"
licence = "MIT"
"""


def fields(name: str, **changes: Any) -> dict[str, Any]:
    sizes = {"width_px": 512, "height_px": 512, "side_max_px": 768}
    entry = {"name": name, "title": f'The "{name}"', "source": f"/srv/{name}", "licence": "MIT", "family": "sd"}
    return {**entry, **sizes, "steps": 20, "steps_max": 50, "guidance": 7.0, **changes}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "models.toml"
    file.write_text(OWN)
    return file


def test_added_entry_stands_behind_all_that_was_there(file: Path) -> None:
    lines = add_entry(file, "image", fields("second"), {"": "added by a test", "steps": "few"})
    assert file.read_text() == f"{OWN}\n{lines}"
    assert "[[image]] # added by a test\n" in lines
    assert "steps = 20 # few\n" in lines
    assert [model.title for model in read_catalogue(file).images] == ["First", 'The "second"']


def test_first_entry_begins_a_catalogue_with_what_is_shipped(tmp_path: Path) -> None:
    file = tmp_path / "data" / "models.toml"
    add_entry(file, "image", fields("mine"), {})
    shipped, own = read_catalogue(DEFAULT_FILE), read_catalogue(file)
    assert own.images[:-1] == shipped.images
    assert (own.speech, own.upscalers) == (shipped.speech, shipped.upscalers)
    assert own.images[-1].name == "mine"


def test_removed_entry_leaves_the_rest_as_it_was(file: Path) -> None:
    add_entry(file, "image", fields("second"), {"": "added"})
    add_entry(file, "image", fields("third"), {})
    removed = remove_entry(file, "second")
    assert removed.startswith("[[image]] # added")
    assert [model.name for model in read_catalogue(file).images] == ["first", "third"]
    remove_entry(file, "third")
    assert file.read_text().strip() == OWN.strip()


def test_removed_entry_takes_no_comment_of_the_next_one(file: Path) -> None:
    add_entry(file, "image", fields("second"), {})
    remove_entry(file, "first")
    text = file.read_text()
    assert "# hears\n[[speech]]" in text
    assert text.startswith("# mine\n")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"family": "sdx"}, "family is 'sdx'"),
        ({"name": "ears"}, "names ears twice"),
        ({"steps": 0}, "steps is 0"),
    ],
)
def test_entry_that_cannot_be_used_changes_nothing(file: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelUnusable, match=told):
        add_entry(file, "image", fields("second") | change, {})
    assert file.read_text() == OWN
    assert {path.name for path in file.parent.iterdir()} <= {"models.toml", ".models.toml.lock"}


def test_catalogue_that_is_broken_already_is_told_with_its_line_and_left_alone(file: Path) -> None:
    file.write_text(OWN.replace("steps = 20", "steps = "))
    with pytest.raises(ModelUnusable, match=r"models\.toml cannot be used: it is not TOML: .*line 11"):
        add_entry(file, "image", fields("second"), {})
    assert "second" not in file.read_text()


def test_name_that_is_not_there_is_said(file: Path) -> None:
    with pytest.raises(ModelUnusable, match="has no model 'second'"):
        remove_entry(file, "second")


def test_changes_at_once_lose_nothing(file: Path) -> None:
    names = [f"model-{number}" for number in range(8)]
    threads = [threading.Thread(target=add_entry, args=(file, "image", fields(name), {})) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {model.name for model in read_catalogue(file).images} == {"first", *names}


def test_name_is_made_from_where_the_model_comes_from() -> None:
    assert new_name("", "My Style_v3 (final)", ()) == "my-style_v3-final"
    assert new_name("mine", "whatever", ("other",)) == "mine"
    for wanted, source, told in (("Mine!", "", "no name"), ("", "日本", "no name"), ("a", "", "already")):
        with pytest.raises(ModelUnusable, match=told):
            new_name(wanted, source, ("a",))
