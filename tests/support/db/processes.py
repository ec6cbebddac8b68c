"""Work in several processes at once, for tests: all have started before any begins."""

from collections.abc import Callable, Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

from tests.support.forkserver import PROCESSES

PATIENCE_S = 120


def run_at_once(work: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Run `work` in several processes at once.

    Args:
        work: a function of a module.
        arguments: one tuple for each process.

    Returns:
        What the processes returned, in any order.

    Raises:
        AssertionError: if one of them did not end well.
    """
    barrier, results = PROCESSES.Barrier(len(arguments)), PROCESSES.Queue()
    processes = [PROCESSES.Process(target=_meet, args=(work, given, barrier, results)) for given in arguments]
    for process in processes:
        process.start()
    try:
        returned = [results.get(timeout=PATIENCE_S) for _ in processes]
    finally:
        for process in processes:
            process.join(PATIENCE_S)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    return returned


def _meet(work: Callable[..., Any], given: tuple[Any, ...], barrier: Barrier, results: "Queue[Any]") -> None:
    barrier.wait(PATIENCE_S)
    results.put(work(*given))
