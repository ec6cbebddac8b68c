"""What changes in the world, for those who watch: people's event streams, and tests that wait for something."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

RECHECK_S = 0.05  # `until` also looks at things that publish no event, such as a variable of the test
MAX_UNREAD = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; `bot.sandbox.human.view` works out what each person sees of it."""

    kind: str  # as in `docs/sandbox.md`; "structure" stands for a change of guilds, roles or channels
    channel_id: str | None = None
    message_id: str | None = None
    visible_to: str | None = None  # the one user who may see it; None: everybody in the channel
    data: dict[str, Any] = field(default_factory=dict)


class EventBus:
    """Hands events to subscribers, and wakes whoever waits in `until`."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Event]] = set()
        self._changed = asyncio.Event()

    def publish(self, event: Event) -> None:
        """Hand an event to every subscriber.

        A subscriber with too many unread events is dropped; a page then reconnects and starts with the full state.
        """
        for queue in list(self._queues):
            if queue.full():
                self._queues.discard(queue)
            else:
                queue.put_nowait(event)
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits in `until` look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def subscribe(self) -> asyncio.Queue[Event]:
        """Return a queue that receives every event from now on."""
        queue: asyncio.Queue[Event] = asyncio.Queue(maxsize=MAX_UNREAD)
        self._queues.add(queue)
        return queue

    def is_subscribed(self, queue: asyncio.Queue[Event]) -> bool:
        """Tell whether a queue still receives events."""
        return queue in self._queues

    def unsubscribe(self, queue: asyncio.Queue[Event]) -> None:
        """Send a queue no more events."""
        self._queues.discard(queue)

    async def until(self, condition: Callable[[], Any], timeout_s: float = 10.0) -> Any:
        """Wait until `condition()` is true.

        Returns:
            What `condition()` returned.

        Raises:
            TimeoutError: if that took more than `timeout_s` of real time.
        """
        async with asyncio.timeout(timeout_s):
            while not (result := condition()):
                changed = self._changed
                try:
                    await asyncio.wait_for(changed.wait(), RECHECK_S)
                except TimeoutError:
                    continue
        return result
