"""The parent's side of a local worker: one child, its pipe, and the thread that reads it."""

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import Pipe

from inference.messages import Admit, Command, Task, WorkerLoad
from inference.pool import WorkerGone
from inference.pool.environment import worker_environment
from inference.worker import WorkerReport
from inference.worker_config import WorkerConfig

log = logging.getLogger(__name__)

# A plain child instead of multiprocessing's: that one cannot be given an environment of its own.
MAIN = """
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from inference.pool.child import run
run(int(sys.argv[1]))
"""
UNREAD_MAX = 64  # reports that may wait for the event loop; then the child waits


class WorkerProcess:
    """One child process and the pipe to it.

    The pipe is read in a thread and written in threads, so that the event loop never waits for it. At most `UNREAD_MAX`
    reports stand between the thread and the loop; a loop that falls behind slows the child down, and loses nothing.
    """

    def __init__(
        self, worker_id: str, config: WorkerConfig, deliver: Callable[["WorkerProcess", WorkerReport | None], None]
    ) -> None:
        """Start the child.

        Args:
            worker_id: by which the pool knows it.
            config: what the worker is started with.
            deliver: called in the event loop with each report, and with None once when the child is gone.
        """
        self.worker_id = worker_id
        self.ended = asyncio.Event()
        self.jobs: dict[str, int] = {}  # job id → attempt
        self.ended_a_job = False  # whether it ever ended a job
        self._sent: deque[tuple[int, str]] = deque()  # (number of the admission, kind) that no load has counted yet
        self._sent_count = 0
        self._load: WorkerLoad | None = None
        self._deliver = deliver
        self._writing = asyncio.Lock()
        self._room = threading.Semaphore(UNREAD_MAX)
        self._waiting_since_s: float | None = time.monotonic()  # None: it spoke, and the loop has not listened yet
        self._got_work_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._connection, theirs = Pipe()
        with theirs:
            # started from the loop's own thread: Linux ends a child with the thread that started it (PR_SET_PDEATHSIG)
            self._process = _start(theirs.fileno())
        with contextlib.suppress(OSError):  # a child that is gone already is noticed by its reader
            self._connection.send(config)
        threading.Thread(target=self._read, name=f"reader-{worker_id}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def idle(self) -> bool:
        """Whether it has been started and holds no job."""
        return self._load is not None and not self.jobs

    def load(self) -> WorkerLoad | None:
        """Return what the worker could take beside the tasks still on their way to it; None before its start."""
        if self._load is None or self.ended.is_set():
            return None
        free = dict(self._load.free)
        for _, kind in self._sent:
            free[kind] = max(0, free.get(kind, 0) - 1)
        return WorkerLoad(free, self._load.models, self._load.adapters, self._load.memory_bytes)

    def update(self, report: WorkerReport) -> bool:
        """Take in what a report says of the worker's load; return whether it could take more than before."""
        before = self.load()
        if report.load is not None:
            self._load = report.load
        while self._sent and self._sent[0][0] <= report.admitted:
            self._sent.popleft()
        now = self.load()
        return now is not None and (
            before is None or any(free > before.free.get(kind, 0) for kind, free in now.free.items())
        )

    def free_unread(self) -> None:
        """Let the reader take one more report from the pipe."""
        self._room.release()

    def silent_s(self) -> float:
        """Return for how long the child has said nothing although it was listened to and had work."""
        since_s = self._waiting_since_s
        return 0.0 if since_s is None else time.monotonic() - max(since_s, self._got_work_s)

    async def admit(self, task: Task) -> None:
        """Send a task.

        Raises:
            WorkerGone: the child is gone.
        """
        if not self.jobs:
            self._got_work_s = time.monotonic()
        self.jobs[task.job_id] = task.attempt
        self._sent_count += 1
        self._sent.append((self._sent_count, task.request.kind))
        await self.send(Admit(task))

    async def send(self, command: Command) -> None:
        """Send a command, in a thread: a child in the midst of a step may not read for a while.

        Raises:
            WorkerGone: the child is gone.
        """
        async with self._writing:
            if self.ended.is_set():
                raise WorkerGone
            try:
                await asyncio.to_thread(self._connection.send, command)
            except OSError as error:
                raise WorkerGone from error

    def kill(self) -> None:
        """End the child at once."""
        self._process.kill()

    def _read(self) -> None:
        try:
            while True:
                self._room.acquire()
                self._waiting_since_s = time.monotonic()
                report = self._connection.recv()
                self._waiting_since_s = None
                self._loop.call_soon_threadsafe(self._deliver, self, report)
        except (EOFError, OSError):
            pass
        except Exception:
            log.exception("worker %s: the pipe cannot be read", self.worker_id)
        self._process.kill()  # it may live on without its pipe
        self._process.wait()
        with contextlib.suppress(RuntimeError):  # the loop was closed before; nobody waits
            self._loop.call_soon_threadsafe(self._gone)

    def _gone(self) -> None:
        self.ended.set()
        self._deliver(self, None)


def _start(descriptor: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, str(descriptor), json.dumps(sys.path)],
        stdin=subprocess.DEVNULL,
        env=worker_environment(os.environ),
        pass_fds=(descriptor,),
    )
