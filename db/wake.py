"""Wake-ups: 'something is queued', 'something changed', within a process and between processes.

A wake-up carries no data and may come too often (many are folded into one) or, when a process dies between
its commit and its notification, not at all. So whoever waits also looks every few seconds: `wait` always has
a timeout.

Within a process an asyncio event; between processes PostgreSQL's LISTEN/NOTIFY on one channel, the topic as
payload. SQLite means one process, so there is nothing to send.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial
from typing import Any

import psycopg

from common.supervisor import Backoff, supervise

QUEUED = "queued"  # a job waits for a dispatcher
CHANGED = "changed"  # a job moved: its card may need an edit, its dispatcher may have to stop it
ENDED = "ended"  # perhaps one that moved has ended, which its member waits for
CHANNEL = "atelier"
RECONNECT = Backoff(first_s=1.0, longest_s=5.0)  # meanwhile, polling carries on


class WakeListener:
    """One waiter's ear for one topic: a wake-up that arrives while it is busy is kept for its next `wait`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake it, now or at its next `wait`."""
        self._event.set()

    async def wait(self, timeout: float) -> bool:
        """Wait for a wake-up, at most `timeout` seconds; return whether one came."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Wake:
    """Tell waiters about a topic.

    `libpq_url` is PostgreSQL's address, or None for one process alone; `options` are libpq's for its connections.
    """

    def __init__(self, libpq_url: str | None, options: Mapping[str, Any] | None = None) -> None:
        self._libpq_url = libpq_url
        self._options = dict(options or {})
        self._listeners: dict[str, list[WakeListener]] = {}
        self._shared: dict[str, WakeListener] = {}
        self._outgoing: set[str] = set()
        self._to_send = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def listen(self, topic: str) -> WakeListener:
        """Return a new ear for the topic; it hears everything from now on."""
        listener = WakeListener()
        self._listeners.setdefault(topic, []).append(listener)
        return listener

    async def wait(self, topic: str, timeout: float) -> bool:
        """Wait for the topic, at most `timeout` seconds; for a single waiter per topic (others call `listen`)."""
        listener = self._shared.get(topic)
        if listener is None:
            listener = self._shared[topic] = self.listen(topic)
        return await listener.wait(timeout)

    def notify(self, topic: str) -> None:
        """Wake everybody who waits for the topic, here at once, elsewhere as soon as it can be sent."""
        self._ring(topic)
        if self._tasks:
            self._outgoing.add(topic)
            self._to_send.set()

    async def start(self) -> None:
        """Start listening and sending (PostgreSQL only)."""
        if self._libpq_url is not None and not self._tasks:
            listening = asyncio.Event()
            self._tasks = [
                supervise("wake-receive", partial(self._receive, self._libpq_url, listening), backoff=RECONNECT),
                supervise("wake-send", partial(self._send, self._libpq_url), backoff=RECONNECT),
            ]
            with contextlib.suppress(TimeoutError):  # it was there a moment ago; else polling carries on
                async with asyncio.timeout(RECONNECT.first_s):
                    await listening.wait()

    async def stop(self) -> None:
        """Stop both; waiters fall back on their timeouts."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _ring(self, topic: str) -> None:
        for listener in self._listeners.get(topic, ()):
            listener.ring()

    async def _receive(self, url: str, listening: asyncio.Event) -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, **self._options) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            listening.set()
            for topic in self._listeners:
                self._ring(topic)  # whatever was missed while nobody listened
            async for notice in connection.notifies():
                self._ring(notice.payload)

    async def _send(self, url: str) -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, **self._options) as connection:
            while True:
                topics, self._outgoing = self._outgoing, set()
                try:
                    for topic in sorted(topics):
                        await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, topic))
                except psycopg.Error:
                    self._outgoing |= topics  # to be sent over the next connection
                    raise
                await self._to_send.wait()
                self._to_send.clear()
