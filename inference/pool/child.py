"""The child's side of a local worker: the loop, the pipe, and dying with the parent."""

import contextlib
import ctypes
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from common import logs
from inference.messages import Command, JobEvent, Progress, Stop, WorkerLoad
from inference.openmp import limit_spinning
from inference.worker import Worker, WorkerReport
from inference.worker_config import WorkerConfig

log = logging.getLogger(__name__)

PROGRESS_EVERY_S = 0.1  # progress is put together for so long; anything else is said at once
WAITING_S = 0.02  # between two looks at engines whose models are still being loaded
HEARTBEAT_EVERY_S = 1.0  # a busy worker with nothing to say shows that it lives

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_NAME = 15


def run(descriptor: int) -> None:
    """Take the pipe that was inherited, whose first message is the configuration, and run."""
    connection = Connection(descriptor)
    main(connection, connection.recv())


def main(connection: Connection, config: WorkerConfig) -> None:
    """Run a worker behind a pipe until it is told to stop or the parent is gone."""
    _bind_to_parent(f"atelier:{config.device}")
    logs.set_up(config.log_level, ())
    limit_spinning()
    if config.threads:  # read by torch and its libraries when they are first imported, which is below
        os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(config.threads)
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox), name="inbox", daemon=True).start()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the parent is gone, nobody is left to tell
        _loop(Worker(config), inbox, Outbox(connection))


def _loop(worker: Worker, inbox: "queue.SimpleQueue[Command]", outbox: "Outbox") -> None:
    outbox.send([], worker, flush=True)
    while True:
        wait_s = 0.0 if worker.busy() else WAITING_S if worker.has_jobs() else None
        for command in _commands(inbox, wait_s):
            if isinstance(command, Stop):
                return
            worker.handle(command)
        events = worker.step()
        outbox.send(events, worker, flush=not worker.busy())


def _commands(inbox: "queue.SimpleQueue[Command]", wait_s: float | None) -> list[Command]:
    commands: list[Command] = []
    try:
        commands.append(inbox.get(block=wait_s != 0.0, timeout=wait_s))
        while True:
            commands.append(inbox.get_nowait())
    except queue.Empty:
        return commands


class Outbox:
    """What is still to be said: progress is put together, the newest wins, and everything else goes at once."""

    def __init__(self, connection: Connection, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._pending: list[JobEvent] = []
        self._sent_s = 0.0
        self._load: WorkerLoad | None = None

    def send(self, events: list[JobEvent], worker: Worker, *, flush: bool) -> None:
        """Add events, and send what is due; `flush`: the worker is going to wait, so all of it is."""
        for event in events:
            self._add(event)
        load = worker.load()
        silent_s = self._clock() - self._sent_s
        urgent = load != self._load or any(not isinstance(event, Progress) for event in self._pending)
        due = self._pending and (flush or silent_s >= PROGRESS_EVERY_S)
        if not (urgent or due or silent_s >= HEARTBEAT_EVERY_S):
            return
        new_load = load if load != self._load else None
        self._connection.send(WorkerReport(tuple(self._pending), new_load, worker.admitted))
        self._pending, self._load, self._sent_s = [], load, self._clock()

    def _add(self, event: JobEvent) -> None:
        if isinstance(event, Progress):
            self._pending = [
                old for old in self._pending if not (isinstance(old, Progress) and old.job_id == event.job_id)
            ]
        self._pending.append(event)


def _listen(connection: Connection, inbox: "queue.SimpleQueue[Command]") -> None:
    # A thread of its own: commands never wait for a step, and the parent's end is noticed even in the midst of one.
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)
    except Exception:  # a worker that hears nothing more is of no use; the parent starts another
        log.exception("a command cannot be read")
        os._exit(1)


def _bind_to_parent(name: str) -> None:
    # Ctrl-C reaches the whole group, and a service manager's SIGTERM all its processes: the parent decides what happens
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # for a child so stuck that its threads cannot run
