"""The clock behind every limit in time: 3 s to respond, 15 min for a token, 24 h for an address."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime


class SandboxClock:
    """Real time plus an offset that tests move; timers follow both."""

    def __init__(self) -> None:
        self.offset_s = 0.0
        self._wall_s = time.time()
        self._started_s = time.monotonic()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []  # a heap; the number keeps equal times in order
        self._numbers = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._wall_s + (time.monotonic() - self._started_s) + self.offset_s

    def iso_now(self) -> str:
        """Return the time as Discord writes it (ISO 8601)."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat()

    def advance(self, seconds: float) -> None:
        """Move time forward; timers that are due have gone off when this returns.

        Raises:
            ValueError: if `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError("time only moves forward")
        self.offset_s += seconds
        self._run_due_timers()

    def call_at(self, when_s: float, callback: Callable[[], None]) -> None:
        """Call `callback` once the clock shows `when_s`."""
        heapq.heappush(self._timers, (when_s, next(self._numbers), callback))
        self._set_alarm()

    def stop(self) -> None:
        """Forget every timer."""
        self._timers.clear()
        if self._alarm:
            self._alarm.cancel()

    def _run_due_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self.now():
            heapq.heappop(self._timers)[2]()
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._timers:
            delay_s = max(0.0, self._timers[0][0] - self.now())
            self._alarm = asyncio.get_running_loop().call_later(delay_s, self._run_due_timers)
