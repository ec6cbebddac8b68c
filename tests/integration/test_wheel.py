"""The wheel has all that the programs read, and of the built-in model the card and the weights alone."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "common", "db", "inference")
BUILTIN = "inference/builtin/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build it from a copy, as building leaves things where it is done."""
    folder = tmp_path_factory.mktemp("wheel")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / "source" / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, folder / "source")
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), ".")
    subprocess.run([sys.executable, *build], cwd=folder / "source", check=True)
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)


def shipped(name: str) -> bool:
    """Tell whether a file of ours belongs into the wheel: of the built-in model only what is no recipe."""
    at_hand = (f"{BUILTIN}weights/", f"{BUILTIN}README.md", f"{BUILTIN}contact_sheet.png")
    return not name.startswith(BUILTIN) or name.startswith(at_hand)


def test_wheel_has_all_but_the_recipe_and_the_judge(wheel: zipfile.ZipFile) -> None:
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*") if file.is_file())
    ours = {str(file.relative_to(ROOT)) for file in files if "__pycache__" not in file.parts}
    assert {f"{BUILTIN}recipe.py", f"{BUILTIN}judge.safetensors"} <= ours  # they are in the repository
    built = {name for name in wheel.namelist() if name.split("/")[0] in ROOMS}
    assert built == {name for name in ours if shipped(name)}


def test_nothing_in_the_wheel_imports_the_recipe(wheel: zipfile.ZipFile) -> None:
    imported = re.compile(rb"^\s*(from|import) inference(\.| import )builtin", re.MULTILINE)
    modules = [name for name in wheel.namelist() if name.endswith(".py")]
    assert [name for name in modules if imported.search(wheel.read(name))] == []
