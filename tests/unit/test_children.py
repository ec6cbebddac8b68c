"""No process is started with the whole of our environment: its secrets are not for them."""

import ast
from pathlib import Path

from bot.settings import Settings
from inference.pool.environment import worker_environment

ROOT = Path(__file__).parents[2]
STARTERS = {"Popen", "run", "check_call", "check_output", "call", "create_subprocess_exec", "create_subprocess_shell"}
OTHER_STARTERS = {"get_context", "Process", "Pool", "ProcessPoolExecutor", "system", "popen", "fork"}
MAY = {
    "inference/engines/speech/fetch.py",  # pip, which an operator starts, and which reads settings of theirs
    "inference/builtin/artwork.py",  # draws the pictures for teaching the built-in model, on a developer's machine
}


def _starts_with_our_environment(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    of_subprocess = "subprocess" in ast.unparse(node.func)
    plain = name in STARTERS and of_subprocess and not any(keyword.arg == "env" for keyword in node.keywords)
    return plain or name in OTHER_STARTERS


def test_every_child_is_given_an_environment() -> None:
    files = [file for room in ("bot", "common", "db", "inference") for file in (ROOT / room).rglob("*.py")]
    found = {
        str(file.relative_to(ROOT))
        for file in files
        if any(map(_starts_with_our_environment, ast.walk(ast.parse(file.read_text(encoding="utf-8")))))
    }
    assert found == MAY


def test_no_setting_reaches_a_worker_by_its_environment() -> None:
    """A worker is told what it needs in its configuration."""
    names = {name.upper() for name in Settings.model_fields}
    assert worker_environment(dict.fromkeys(names, "x")) == {}
