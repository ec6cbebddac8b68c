"""What import-linter's contracts in `pyproject.toml` cannot hold: what rooms say, and what is loaded with them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "common", "db", "inference")
HEAVY = {"torch", "diffusers", "transformers", "peft", "whisper", "faster_whisper", "ctranslate2"}


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
