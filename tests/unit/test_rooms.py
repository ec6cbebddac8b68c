"""What import-linter in `pyproject.toml` cannot hold: what rooms say, what is loaded with them, and the tests."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORE = ("db/queue", "db/queue/fair_order", "db/people", "db/credits", "db/moderation")
ROOMS = ("bot", "common", "db", *STORE, "inference")
HEAVY = {"torch", "diffusers", "transformers", "peft", "whisper", "faster_whisper", "ctranslate2"}


def imported_tests(file: Path) -> set[str]:
    """Return the names of tests' modules that a file imports, also inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.startswith("tests.") and name.split(".test_")[1:]}


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_say_what_they_know_and_what_they_do_not(room: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert "Knows" in docstring
    assert "not know" in docstring


def test_import_of_the_whole_bot_loads_nothing_heavy() -> None:
    files = (file for file in sorted((ROOT / "bot").rglob("*.py")) if file.stem != "__main__")
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]
    code = f"import sys\nfor name in {names!r}: __import__(name)\nprint(sorted({HEAVY!r} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_no_test_imports_from_another_test() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert {"test_rooms.py", "bots.py", "conftest.py"} <= {file.name for file in files}
    assert {str(file.relative_to(ROOT)): found for file in files if (found := imported_tests(file))} == {}


@pytest.mark.parametrize(
    "line", ["from tests.unit.test_a import b", "from tests.unit import test_a", "import tests.test_a"]
)
def test_import_of_a_test_is_found(line: str, tmp_path: Path) -> None:
    file = tmp_path / "test_b.py"
    file.write_text(f"def function() -> None:\n    {line}\n")
    assert imported_tests(file)
