"""A newcomer's walk through the code: each road in at most eight files that exist, in order."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES_MAX = 8
WALK = re.compile(r"## A newcomer's walk\n(.*?)\n## ", re.DOTALL)
ROAD = re.compile(r"^\*\*(.+)\*\*\n((?:\d+\. .*\n)+)", re.MULTILINE)


def roads() -> dict[str, list[str]]:
    """Return what is written after each number, by road."""
    walk = WALK.search((ROOT / "docs/architecture.md").read_text("utf-8"))
    assert walk
    return {name: steps.splitlines() for name, steps in ROAD.findall(f"{walk[1]}\n")}


def test_walk_has_three_roads() -> None:
    assert list(roads()) == ["`/imagine`", "`/train`", "A voice message"]


@pytest.mark.parametrize("road", ["`/imagine`", "`/train`", "A voice message"])
def test_road_is_at_most_eight_files_in_order(road: str) -> None:
    steps = [re.match(r"(\d+)\. `([^`]+)`: ", step) for step in roads()[road]]
    assert [step and int(step[1]) for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) <= FILES_MAX
    assert [step[2] for step in steps if step and not (ROOT / step[2]).is_file()] == []
