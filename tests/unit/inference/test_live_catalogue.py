"""A catalogue that changes while everything runs: what can be used counts, what cannot is said with its line."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inference.catalogue import DEFAULT_FILE, Catalogue, read_catalogue
from inference.live_catalogue import CHECKERS_LATER, CatalogueWatcher, LiveCatalogue

MORE = """
[[image]]
name = "more"
title = "More"
source = "/srv/more"
family = "sd"
licence = "MIT"
width_px = 512
height_px = 512
side_max_px = 768
steps = 20
steps_max = 50
guidance = 7.0
"""
CHECKER = """
[[checker]]
name = "looks"
title = "Looks"
source = "/srv/looks"
licence = "MIT"
labels = { nsfw = 0.5 }
"""


@dataclass(slots=True)
class Changing:
    """A catalogue, its file, and what was handed on."""

    file: Path
    live: LiveCatalogue
    handed_on: list[Catalogue] = field(default_factory=list)

    def watcher(self) -> CatalogueWatcher:
        return CatalogueWatcher(self.live, lambda: self.file, self.hand_on)

    async def hand_on(self, catalogue: Catalogue) -> None:
        assert self.live.catalogue is not catalogue  # no job can be made with it yet
        self.handed_on.append(catalogue)

    def write(self, text: str) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(text)
        os.replace(new, self.file)


@pytest.fixture
def changing(tmp_path: Path) -> Changing:
    file = tmp_path / "models.toml"
    file.write_text(DEFAULT_FILE.read_text())
    return Changing(file, LiveCatalogue(read_catalogue(file)))


async def test_changed_catalogue_is_handed_on_and_counts(changing: Changing) -> None:
    watcher = changing.watcher()
    await watcher.look()
    assert changing.handed_on == []
    changing.write(DEFAULT_FILE.read_text() + MORE)
    await watcher.look()
    assert changing.live.catalogue.image("more").title == "More"
    assert changing.handed_on == [changing.live.catalogue]
    assert changing.live.problem == ""
    await watcher.look()
    assert len(changing.handed_on) == 1


async def test_broken_catalogue_changes_nothing_and_is_named_with_its_line(changing: Changing) -> None:
    watcher, before = changing.watcher(), changing.live.catalogue
    changing.write("[[image]]\nname = \n")
    await watcher.look()
    assert changing.live.catalogue is before
    assert changing.handed_on == []
    assert "models.toml cannot be used: it is not TOML" in changing.live.problem
    assert "line 2" in changing.live.problem
    changing.write(DEFAULT_FILE.read_text() + MORE)
    await watcher.look()
    assert (changing.live.problem, changing.live.catalogue.images[-1].name) == ("", "more")


async def test_catalogue_that_is_gone_changes_nothing(changing: Changing) -> None:
    watcher, before = changing.watcher(), changing.live.catalogue
    changing.file.unlink()
    await watcher.look()
    assert changing.live.catalogue is before
    assert "no such file" in changing.live.problem


async def test_operators_own_catalogue_counts_when_it_appears(changing: Changing) -> None:
    files = [DEFAULT_FILE]
    watcher = CatalogueWatcher(changing.live, lambda: files[-1], changing.hand_on)
    files.append(changing.file)
    changing.write(DEFAULT_FILE.read_text() + MORE)
    await watcher.look()
    assert changing.live.file == changing.file
    assert changing.live.catalogue.images[-1].name == "more"


async def test_new_checkers_wait_for_the_next_start(changing: Changing) -> None:
    watcher = changing.watcher()
    changing.write(DEFAULT_FILE.read_text() + MORE + CHECKER)
    await watcher.look()
    assert changing.live.catalogue.checkers == ()
    assert changing.live.catalogue.images[-1].name == "more"
    assert changing.live.problem == CHECKERS_LATER


async def test_catalogue_that_could_not_be_handed_on_is_tried_again(changing: Changing) -> None:
    failing = [OSError("no worker hears")]

    async def hand_on(catalogue: Catalogue) -> None:
        if failing:
            raise failing.pop()
        await changing.hand_on(catalogue)

    watcher = CatalogueWatcher(changing.live, lambda: changing.file, hand_on)
    changing.write(DEFAULT_FILE.read_text() + MORE)
    with pytest.raises(OSError, match="no worker hears"):
        await watcher.look()
    await watcher.look()
    assert changing.live.catalogue.images[-1].name == "more"
