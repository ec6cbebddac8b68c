"""Background loops that never end silently: each is started again after an error, with backoff; errors are counted.

`supervise` is the only place that may start a loop that is to run for ever; `tests/unit/test_background.py` reads the
source for others.
"""

import asyncio
import contextlib
import logging
import math
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

log = logging.getLogger(__name__)

STEADY_S = 60.0  # what has run for so long without an error works
REPEATED_S = 3600.0  # an error of a kind that was logged is not logged again for so long

_REGISTRY = CollectorRegistry()
FAILURES = Counter("atelier_loop_failures", "Errors that ended a background loop's round", ["loop"], registry=_REGISTRY)
FAILING = Gauge(
    "atelier_loop_failing", "Errors of a background loop since it last worked", ["loop"], registry=_REGISTRY
)


def loop_metrics() -> bytes:
    """Return the state of every loop of this process in Prometheus' format."""
    return generate_latest(_REGISTRY)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses after errors: the first, then twice as long each time, up to the longest."""

    first_s: float = 1.0
    longest_s: float = 60.0

    def pause_s(self, failures: int) -> float:
        """Return the pause after this many errors in a row."""
        return float(min(self.longest_s, self.first_s * 2 ** min(failures - 1, 30)))


def supervise(
    name: str,
    work: Callable[[], Awaitable[object]],
    *,
    every_s: float | None = None,
    until_done: bool = False,
    backoff: Backoff | None = None,
) -> asyncio.Task[None]:
    """Run `work` for ever in a task of its own, and again after any error.

    Args:
        name: the loop's name, in logs and metrics.
        work: one round, or a whole loop; it must be safe to start again after an error.
        every_s: the pause after a round without an error; None: as after a first error, for loops that should not end.
        until_done: end after the first round without an error.
        backoff: the pauses after errors.

    Returns:
        The task; whoever starts a loop keeps it, and cancels it to stop.
    """
    loop = _Loop(name, work, backoff or Backoff())
    return asyncio.create_task(loop.run(every_s, until_done=until_done), name=name)


class _Loop:
    """One supervised loop: its errors in a row, and the kinds of them that were logged."""

    def __init__(self, name: str, work: Callable[[], Awaitable[object]], backoff: Backoff) -> None:
        self._name = name
        self._work = work
        self._backoff = backoff
        # kept, as looking them up by name takes as long as a short round
        self._failures_total = FAILURES.labels(name)  # shown as 0 from the start
        self._failing = FAILING.labels(name)
        self._failures = 0
        self._logged_s: dict[str, float] = {}
        self._in_trouble = False  # an error was logged, and not yet that it is over

    async def run(self, every_s: float | None, *, until_done: bool) -> None:
        while True:
            self._failing.set(self._failures)
            try:
                with self._steady_in_time():
                    await self._work()
            except Exception as error:
                self._note(error)
                await asyncio.sleep(self._backoff.pause_s(self._failures))
                continue
            self._works()
            if until_done:
                return
            await asyncio.sleep(self._backoff.first_s if every_s is None else every_s)

    @contextlib.contextmanager
    def _steady_in_time(self) -> Iterator[None]:
        """Count a round that goes on for long as one that works: many loops have no other."""
        timer = asyncio.get_running_loop().call_later(STEADY_S, self._works)
        try:
            yield
        finally:
            timer.cancel()

    def _note(self, error: Exception) -> None:
        self._failures += 1
        self._failures_total.inc()
        kind, now_s = _kind(error), time.monotonic()
        if now_s - self._logged_s.get(kind, -math.inf) < REPEATED_S:
            log.debug("%s failed again: %s", self._name, kind)
            return
        self._logged_s[kind] = now_s
        self._in_trouble = True
        log.error(
            "%s failed and is tried again until it works; said once per kind of error", self._name, exc_info=error
        )

    def _works(self) -> None:
        if self._in_trouble:
            log.info("%s works again, after %d errors", self._name, self._failures)
        self._failures, self._in_trouble = 0, False
        self._failing.set(0)


def _kind(error: BaseException) -> str:
    """Return what errors of one kind have in common: their type and the line that raised them."""
    if isinstance(error, BaseExceptionGroup):
        return "+".join(sorted({_kind(one) for one in error.exceptions}))
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f"{type(error).__name__} at {frames[0].filename}:{frames[0].lineno}" if frames else type(error).__name__
