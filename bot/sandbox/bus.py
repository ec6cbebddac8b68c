"""News of the world, for those who watch: the event streams of people, and tests that wait for something."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

RECHECK_S = 0.05  # `until` also looks at things that the world has no news of, such as a variable of the test


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that happened; what each person sees of it is worked out by `bot.sandbox.view`."""

    kind: str
    channel_id: str | None = None
    message_id: str | None = None
    only: str | None = None  # the one account that may know
    extra: dict[str, Any] = field(default_factory=dict)


class Bus:
    """Hands news to whoever listens, and wakes whoever waits."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[News]] = set()
        self._changed = asyncio.Event()

    def tell(self, news: News) -> None:
        """Hand on news."""
        for queue in list(self._queues):
            if queue.full():  # a reader that stopped reading is dropped; it reconnects and starts with the full state
                self._queues.discard(queue)
            else:
                queue.put_nowait(news)
        self.wake()

    def wake(self) -> None:
        """Let everybody in `until` look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def listen(self) -> asyncio.Queue[News]:
        """Return a queue that receives all news from now on."""
        queue: asyncio.Queue[News] = asyncio.Queue(maxsize=10_000)
        self._queues.add(queue)
        return queue

    def listening(self, queue: asyncio.Queue[News]) -> bool:
        """Say whether a queue still receives news."""
        return queue in self._queues

    def leave(self, queue: asyncio.Queue[News]) -> None:
        """Stop a queue."""
        self._queues.discard(queue)

    async def until(self, true: Callable[[], Any], timeout_s: float = 10.0) -> Any:
        """Wait until `true()` is true and return what it returned.

        Raises: TimeoutError after `timeout_s` of real time.
        """
        async with asyncio.timeout(timeout_s):
            while not (result := true()):
                changed = self._changed
                try:
                    await asyncio.wait_for(changed.wait(), RECHECK_S)
                except TimeoutError:
                    continue
        return result
