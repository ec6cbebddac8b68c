"""Processes that are forked from one which has imported Atelier already; a start of their own costs seconds of imports.

How an operator's processes start is tested where that is the matter (`tests/acceptance/test_road.py`,
`tests/integration/test_pool.py`).
"""

import multiprocessing
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from unittest import mock

from inference.pool import worker_process
from inference.pool.child import main
from inference.pool.environment import worker_environment

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        __name__,
        "bot.doctor.report",
        "bot.sandbox.server",
        "db.migrations.run",
        "tests.support.acceptance.engines",
        "tests.support.acceptance.forked",
        "tests.support.db.store",
        *("hypothesis", "pytest"),  # which the modules of the tests import
    ]
)


class ForkedWorker:
    """A worker's process, with what `WorkerProcess` asks of one."""

    def __init__(self, descriptor: int) -> None:
        """Start it on its end of a pipe."""
        with Connection(os.dup(descriptor)) as theirs:
            given = (theirs, worker_environment(os.environ))
            self._process = PROCESSES.Process(target=_work, args=given, daemon=True)
            self._process.start()
        self.pid = self._process.pid

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def wait(self) -> None:
        """Wait for its end."""
        self._process.join()


def forked_workers() -> AbstractContextManager[object]:
    """Fork the workers that are started while the context lasts; not for those that import a model's libraries."""
    return mock.patch.object(worker_process, "_start", ForkedWorker)


def _work(connection: Connection, variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
    main(connection, connection.recv())
