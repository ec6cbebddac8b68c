"""The inventory of what runs in the background: every loop is supervised, and every other task is known here."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.loops import LOOPS

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "common", "db", "inference")
STARTERS = {
    "create_task",
    "ensure_future",
    "run_coroutine_threadsafe",
    "start_new_thread",
    "Thread",
    "Timer",
    "loop",  # discord.ext.tasks
}
SUPERVISOR = "common.supervisor"


# What is started without supervision, and why that may be.
OTHERS = {
    "bot.shared.discord.persistent_items.PersistentItem._found_in_time": "one look-up, which is waited for",
    "bot.client.Atelier.setup_hook": "waits for follow-cards, and ends the tasks of single cards with it",
    "bot.sandbox.interactions.registry.InteractionRegistry._dispatch": "one interaction that is sent late",
    "bot.sandbox.gateway.connection.GatewayConnection.__init__": "one connection's writer, whose end closes it",
    "bot.sandbox.gateway.connection.GatewayConnection.flush": "waits for one queue",
    "bot.shared.delivery.follow.Follower._notice": "one job's card; raises nothing, ends with its delivery",
    "inference.decoders.process.DecoderProcess._watched": "one question's time limit",
    "inference.dispatcher.dispatcher.Dispatcher._adopt": "one job; its end is looked at by a callback",
    "inference.dispatcher.previews.PreviewWriter.write": "one job's previews, whose errors are logged",
    "inference.dispatcher.job_runner.JobRunner._collect": "one file, in a group that passes its error on",
    "inference.engines.image.whole.steps.PipelineSteps.__init__": "a thread whose error the next step passes on",
    "inference.pool.child.main": "a thread whose end is the worker's, which is replaced",
    "inference.pool.worker_process.WorkerProcess.__init__": "a thread whose end is reported, whatever it was",
}


class Starts(ast.NodeVisitor):
    """Where a file starts tasks and threads, and the names of what it has supervised."""

    def __init__(self, module: str) -> None:
        self._path = [module]
        self.places: set[str] = set()
        self.names: set[str] = set()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._inside(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in STARTERS:
            self.places.add(".".join(self._path))
        if called == "supervise":
            self.names.add(ast.unparse(node.args[0]).removeprefix("f").strip("'\""))
        self.generic_visit(node)

    def _inside(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self._path.append(node.name)
            self.visit(decorator)
            self._path.pop()
        self._path.append(node.name)
        for child in node.body:
            self.visit(child)
        self._path.pop()


def starts() -> Iterator[Starts]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            found = Starts(".".join(file.relative_to(ROOT).with_suffix("").parts))
            found.visit(ast.parse(file.read_text(encoding="utf-8")))
            yield found


def test_nothing_is_started_beside_the_supervisor_but_what_is_known_here() -> None:
    places = {place for found in starts() for place in found.places if not place.startswith(SUPERVISOR)}
    assert places == set(OTHERS)


def test_every_supervised_loop_is_known_here() -> None:
    names = {name for found in starts() for name in found.names}
    names.remove("dispatcher-{name}")  # started in a loop over these
    assert names == {name for name in LOOPS if not name.startswith("dispatcher-")}
