"""The side that asks: one decoding process, kept warm from file to file and replaced after every one that it refused.

A process and not a thread: it holds nothing worth having, a hostile file that crashes or hangs it takes nobody along,
and what its memory may be is bounded from outside.
"""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from inference.decoders.child import REQUEST

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; sys.path.insert(0, sys.argv.pop(1)); from inference.decoders.child import main; main()"
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # and nothing of ours
LINE_BYTES_MAX = 4096
START_S = 60.0  # on a machine that is very busy


class NotDecoded(Exception):
    """The file was refused; the text is one word: that of a decoder, or `slow`, `memory`, `damaged` or `start`."""


@dataclass(frozen=True, slots=True)
class DecoderLimits:
    """What a decoding process may take."""

    memory_bytes: int  # of address space, the program itself included
    timeout_s: float  # of wall clock, for one file
    reply_bytes: int  # what it may answer

    @property
    def cpu_s(self) -> int:
        """How long it may compute in its life: it is replaced when it could have used half of that."""
        return 2 * int(self.timeout_s + START_S)


class DecoderProcess:
    """Decodes one file at a time, and closes when asked to, even in the middle of one."""

    def __init__(self, kind: str, limits: DecoderLimits) -> None:
        """Start nothing yet; the first file does.

        Args:
            kind: a module of this package that decodes.
            limits: what the process may take.
        """
        self.limits = limits
        self._kind = kind
        self._child: subprocess.Popen[bytes] | None = None
        self._used_s = 0.0
        self._missing = ""
        self._one = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process that decodes, while there is one."""
        return self._child.pid if self._child else None

    def ask(self, content: bytes, options: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Have a file decoded; return the reply and its parts.

        Raises:
            NotDecoded: it was refused, took too long, or brought the process down.
        """
        with self._one:
            if self._used_s > self.limits.timeout_s:
                self.close()  # while it has enough left for a whole file
            child, _ = self._started()
            try:
                return self._watched(child, self.limits.timeout_s, lambda: _ask(child, content, options, self.limits))
            except NotDecoded:
                self.close()
                raise

    def start(self) -> str:
        """Start the process if there is none, and wait until it is locked down.

        Returns:
            Which wall could not be built here, see `lockdown`; empty where all stand.

        Raises:
            NotDecoded: it does not start, which is no fault of a file.
        """
        with self._one:
            return self._started()[1]

    def close(self) -> None:
        """End the process."""
        self._used_s = 0.0
        if child := self._child:
            self._child = None
            child.kill()
            child.communicate()

    def _started(self) -> tuple[subprocess.Popen[bytes], str]:
        if (child := self._child) is None:
            child = self._child = self._spawned()
            try:
                hello, _ = self._watched(child, START_S, lambda: _read(child, self.limits))
            except NotDecoded as error:
                self.close()
                log.error("the process that decodes %s does not start; `atelier doctor` says more", self._kind)
                raise NotDecoded("start") from error
            self._missing = str(hello.get("missing", ""))
            if self._missing:
                _warn_once(self._missing)
        return child, self._missing

    def _spawned(self) -> subprocess.Popen[bytes]:
        """Return a child that inherits no environment and no working folder of ours."""
        arguments = (str(self.limits.memory_bytes), str(self.limits.cpu_s))
        return subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, str(ROOT), self._kind, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
        )

    def _watched(
        self, child: subprocess.Popen[bytes], timeout_s: float, talk: Callable[[], tuple[dict[str, Any], list[bytes]]]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Talk to the child, and kill it when that takes too long."""
        overdue = threading.Event()

        def give_up() -> None:
            overdue.set()
            child.kill()

        timer = threading.Timer(timeout_s, give_up)
        started_s = monotonic()
        timer.start()
        try:
            return talk()
        except NotDecoded:
            raise
        except Exception as error:  # it died, or talks nonsense, of whatever kind
            raise NotDecoded("slow" if overdue.is_set() else "damaged") from error
        finally:
            timer.cancel()
            self._used_s += monotonic() - started_s


@cache
def _warn_once(missing: str) -> None:
    """Tell the operator, once in a process, which wall could not be built."""
    log.warning("files from strangers are decoded in a process with limits, but with %s", missing)


def _ask(
    child: subprocess.Popen[bytes], content: bytes, options: Mapping[str, Any], limits: DecoderLimits
) -> tuple[dict[str, Any], list[bytes]]:
    assert child.stdin is not None
    said = json.dumps(options).encode()
    child.stdin.write(REQUEST.pack(len(content), len(said)) + said)
    child.stdin.write(content)
    child.stdin.flush()
    return _read(child, limits)


def _read(child: subprocess.Popen[bytes], limits: DecoderLimits) -> tuple[dict[str, Any], list[bytes]]:
    """Read a reply, believing nothing of it."""
    assert child.stdout is not None
    reply = json.loads(child.stdout.readline(LINE_BYTES_MAX) or "null")
    if not isinstance(reply, dict):
        raise ValueError("the decoder ended without an answer")
    if refused := reply.get("refused"):
        raise NotDecoded(str(refused))
    sizes = [int(size) for size in reply["parts"]]
    if min(sizes, default=0) < 0 or sum(sizes) > limits.reply_bytes:
        raise ValueError("the decoder answers more than it may")
    parts = [child.stdout.read(size) for size in sizes]
    if [len(part) for part in parts] != sizes:
        raise ValueError("the decoder ended in the middle of its answer")
    return reply, parts
