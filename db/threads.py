"""Threads that work for the event loop: a database call blocks, and a blocked loop answers nobody."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Threads:
    """Run plain functions on up to `count` threads, first come, first served."""

    def __init__(self, name: str, count: int) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._pending: set[Future[Any]] = set()

    async def run(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Return what `work` returns.

        Who is cancelled stops waiting at once: what has not begun then never begins, what has goes on to its end.

        Raises:
            RuntimeError: the threads were closed.
        """
        return await asyncio.wrap_future(self.submit(work, *args))

    def submit(self, work: Callable[[*Ts], T], *args: *Ts) -> "Future[T]":
        """Put `work` in the queue and return its future, for a caller that is a thread itself."""
        future = self._executor.submit(work, *args)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return future

    async def close(self, within_s: float) -> bool:
        """Take nothing new and wait for the rest; after `within_s` seconds, drop what has not begun.

        Returns:
            Whether nothing runs any more.
        """
        self._executor.shutdown(wait=False)
        try:
            async with asyncio.timeout(within_s):
                await asyncio.gather(*map(asyncio.wrap_future, list(self._pending)), return_exceptions=True)
        except TimeoutError:
            self._executor.shutdown(wait=False, cancel_futures=True)
        return not any(future.running() for future in list(self._pending))
