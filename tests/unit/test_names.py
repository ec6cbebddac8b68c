"""A class name means one thing in the whole tree."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "common", "db", "inference")


def public_classes(root: Path, rooms: tuple[str, ...] = ROOMS) -> dict[str, list[str]]:
    """Return the files in which each public class name is defined, once for each definition."""
    found: dict[str, list[str]] = {}
    for file in sorted(file for room in rooms for file in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(str(file.relative_to(root)))
    return found


def test_no_class_name_is_defined_twice() -> None:
    classes = public_classes(ROOT)
    assert {"Job", "RequestContext", "ImageEngine", "Backoff", "World"} <= set(classes)
    assert {name: files for name, files in classes.items() if len(files) > 1} == {}


def test_class_name_that_is_defined_twice_is_found(tmp_path: Path) -> None:
    for room, source in {
        "bot": "class Clock: ...",
        "db": "def f():\n    class Clock: ...\n\nclass _Private: ...",
    }.items():
        (tmp_path / room).mkdir()
        (tmp_path / room / "clock.py").write_text(source)
    assert public_classes(tmp_path, ("bot", "db")) == {"Clock": ["bot/clock.py", "db/clock.py"]}
