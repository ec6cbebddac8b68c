"""The house's arrows: who may import whom, read from the source without running it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "common", "db", "inference")
HEAVY = {"torch", "diffusers", "transformers", "peft", "whisper", "faster_whisper", "ctranslate2"}


def modules(room: str) -> Iterator[tuple[str, Path]]:
    """Yield the dotted name and the file of each module in a room."""
    for file in sorted((ROOT / room).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def imports(file: Path) -> set[str]:
    """Return the dotted names that a file imports, those inside functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def inside(name: str, package: str) -> bool:
    """Tell whether a dotted name is a package or lies in it."""
    return name == package or name.startswith(package + ".")


def ours(names: set[str]) -> set[str]:
    """Keep the names that are rooms of this project, without the one that all may know."""
    return {name for name in names if name.split(".")[0] in (*ROOMS, "tests") and not inside(name, "common")}


@pytest.mark.parametrize(("name", "file"), list(modules("db")), ids=lambda value: str(value))
def test_db_imports_nothing_of_ours(name: str, file: Path) -> None:
    assert {found for found in ours(imports(file)) if not inside(found, "db")} == set()


@pytest.mark.parametrize(("name", "file"), list(modules("common")), ids=lambda value: str(value))
def test_common_imports_nothing_of_ours(name: str, file: Path) -> None:
    found = {one for one in imports(file) if one.split(".")[0] in (*ROOMS, "tests")}
    assert {one for one in found if not inside(one, "common")} == set()
    assert {one for one in imports(file) if one.split(".")[0] in HEAVY} == set()


@pytest.mark.parametrize(("name", "file"), list(modules("inference")), ids=lambda value: str(value))
def test_inference_imports_db_only_in_the_dispatcher(name: str, file: Path) -> None:
    allowed = {"inference", "db"} if inside(name, "inference.dispatcher") else {"inference"}
    assert {found for found in ours(imports(file)) if found.split(".")[0] not in allowed} == set()


@pytest.mark.parametrize(("name", "file"), list(modules("inference")), ids=lambda value: str(value))
def test_inference_loads_heavy_libraries_only_in_engines(name: str, file: Path) -> None:
    if inside(name, "inference.engines") or inside(name, "inference.builtin"):
        return
    assert {found for found in imports(file) if found.split(".")[0] in HEAVY} == set()


@pytest.mark.parametrize(("name", "file"), list(modules("bot")), ids=lambda value: str(value))
def test_bot_imports_no_heavy_library_and_no_engine(name: str, file: Path) -> None:
    found = imports(file)
    assert {one for one in found if one.split(".")[0] in HEAVY} == set()
    engines = {"inference.engines", "inference.builtin", "inference.worker"}
    assert {one for one in found if any(inside(one, engine) for engine in engines)} == set()


@pytest.mark.parametrize(("name", "file"), list(modules("bot")), ids=lambda value: str(value))
def test_sandbox_stands_alone(name: str, file: Path) -> None:
    found = ours(imports(file))
    if inside(name, "bot.sandbox"):
        assert {one for one in found if not inside(one, "bot.sandbox") and one != "bot"} == set()
    elif name != "bot.__main__":
        assert {one for one in found if inside(one, "bot.sandbox")} == set()


@pytest.mark.parametrize("room", ROOMS)
def test_room_has_no_circle_of_imports(room: str) -> None:
    files = dict(modules(room))
    edges = {
        name: {found for found in imports(file) if found in files and found != name} for name, file in files.items()
    }
    # A package's __init__ is imported with each of its modules; only what it imports itself can close a circle.
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name in done:
            return
        for next_name in sorted(edges[name]):
            visit(next_name, (*path, name))
        done.add(name)

    for name in files:
        visit(name, ())


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_say_what_they_know_and_what_they_do_not(room: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert "Knows" in docstring
    assert "not know" in docstring


def test_import_of_the_whole_bot_loads_no_torch() -> None:
    names = [name for name, _ in modules("bot") if not name.endswith("__main__")]
    code = f"import sys\nfor name in {names!r}: __import__(name)\nprint(sorted({HEAVY!r} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
