"""What people read is there without docstrings too: each error's sentence, each command's description."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "common", "db", "inference")
BASE = "AtelierError"
HEAVY = "inference.engines."  # torch takes too long to compile anew
PROGRAM = """
import importlib, inspect, json, sys
from discord import app_commands
from discord.ext import commands
from common.errors import AtelierError

if AtelierError.__doc__ is not None:
    sys.exit("docstrings are not dropped")
sentences, descriptions = {}, {}
for name in json.loads(sys.argv[1]):
    for found in vars(importlib.import_module(name)).values():
        if not inspect.isclass(found) or found.__module__ != name:
            continue
        if issubclass(found, AtelierError) and found is not AtelierError:
            sentences[f"{name}.{found.__name__}"] = found.message
        if issubclass(found, commands.GroupCog):
            descriptions[found.__cog_group_name__] = found.__cog_group_description__
        if issubclass(found, commands.Cog):
            for command in found.__cog_app_commands__:
                group = isinstance(command, app_commands.Group)
                for one in (command, *(command.walk_commands() if group else ())):
                    descriptions[one.qualified_name] = one.description
json.dump([sentences, descriptions], sys.stdout)
"""


def module_of(file: Path) -> str:
    """Return the name by which a file is imported."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def cogs() -> set[str]:
    """Return the modules that have commands in them."""
    found = re.compile(r"^class \w+\(\s*commands\.(Group)?Cog\b", re.MULTILINE)
    return {module_of(file) for file in (ROOT / "bot").rglob("*.py") if found.search(file.read_text("utf-8"))}


def errors_of_ours() -> set[str]:
    """Return the names, with their modules, of all classes that descend from the base, found by reading the files."""
    bases: dict[str, tuple[str, list[str]]] = {}  # name → module, names of bases
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            module = module_of(file)
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef) and not module.startswith(("bot.sandbox", "inference.decoders")):
                    bases[node.name] = module, [base.id for base in node.bases if isinstance(base, ast.Name)]

    def descends(name: str) -> bool:
        return name == BASE or any(descends(base) for base in bases.get(name, ("", []))[1])

    return {f"{module}.{name}" for name, (module, _) in bases.items() if name != BASE and descends(name)}


@pytest.fixture(scope="module")
def said() -> tuple[dict[str, str], dict[str, str]]:
    """What Python says of all errors and commands when it has dropped the docstrings."""
    modules = sorted({name.rpartition(".")[0] for name in errors_of_ours()} | cogs())
    light = [module for module in modules if not module.startswith(HEAVY)]
    command = [sys.executable, "-OO", "-c", PROGRAM, json.dumps(light)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    sentences, descriptions = json.loads(answer.stdout)
    return sentences, descriptions


def test_every_error_has_a_sentence_without_docstrings(said: tuple[dict[str, str], dict[str, str]]) -> None:
    sentences, _ = said
    assert set(sentences) == {name for name in errors_of_ours() if not name.startswith(HEAVY)}
    for name, sentence in sentences.items():
        assert len(sentence) > 10, name
        assert sentence[0].isupper(), name
        assert sentence.endswith("."), name


def test_every_command_has_a_description_without_docstrings(said: tuple[dict[str, str], dict[str, str]]) -> None:
    _, descriptions = said
    assert {"imagine", "train", "atelier", "words add"} <= set(descriptions)
    for name, description in descriptions.items():
        assert len(description) > 5, name  # discord.py says '…' where it finds none
        assert len(description) <= 100, name
        assert not description.endswith("."), name


def test_errors_of_engines_have_sentences_of_their_own() -> None:
    heavy = [name for name in errors_of_ours() if name.startswith(HEAVY)]
    assert heavy
    for name in heavy:
        module, _, cls = name.rpartition(".")
        tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text("utf-8"))
        body = next(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == cls)
        assert any(isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "message" for node in body), name
