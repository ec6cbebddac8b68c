"""A Gateway session: what a bot is told, numbered and kept so that it can be told again after a reconnect."""

import asyncio
import json
import secrets
from collections import deque
from enum import IntFlag
from typing import Any

from aiohttp import web

REPLAYED_MOST = 5000


class Intent(IntFlag):
    """https://discord.com/developers/docs/events/gateway#gateway-intents."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


class Line:
    """A connection to a bot, which writes one packet after another."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.get_running_loop().create_task(self._write())

    @property
    def open(self) -> bool:
        """Whether packets still arrive."""
        return not self.socket.closed and not self._writer.done()

    def put(self, packet: dict[str, Any]) -> None:
        """Send a packet after those before it."""
        self._queue.put_nowait(json.dumps(packet))

    def put_text(self, packet: str) -> None:
        """Send a packet that is JSON already."""
        self._queue.put_nowait(packet)

    async def flush(self) -> None:
        """Wait until everything put so far is on its way."""
        if self.open:
            await asyncio.wait([asyncio.ensure_future(self._queue.join()), self._writer], return_when="FIRST_COMPLETED")

    async def close(self, code: int, reason: str = "") -> None:
        """Send what is left, then close."""
        await self.flush()
        await self.socket.close(code=code, message=reason.encode())
        await self.stop()

    async def stop(self) -> None:
        """Stop writing."""
        self._writer.cancel()
        await asyncio.wait([self._writer])

    async def _write(self) -> None:
        while True:
            packet = await self._queue.get()
            try:
                await self.socket.send_str(packet)
            except ConnectionError:
                return  # its reader finds out, too
            finally:
                self._queue.task_done()


class Session:
    """One IDENTIFY and its RESUMEs."""

    def __init__(self, intents: int, line: Line) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.seq = 0
        self.line: Line | None = line
        self._sent: deque[tuple[int, str]] = deque(maxlen=REPLAYED_MOST)

    @property
    def connected(self) -> bool:
        """Whether somebody listens."""
        return self.line is not None and self.line.open

    def wants(self, intent: int) -> bool:
        """Say whether the bot asked for a kind of event; 0 is sent to everybody."""
        return intent == 0 or bool(self.intents & intent)

    def dispatch(self, event: str, data: dict[str, Any]) -> None:
        """Number an event, keep it, and send it if somebody listens."""
        self.seq += 1
        packet = json.dumps({"op": 0, "t": event, "s": self.seq, "d": data})
        self._sent.append((self.seq, packet))
        if self.line is not None:
            self.line.put_text(packet)

    def can_replay(self, after_seq: int) -> bool:
        """Say whether everything after a number is still kept."""
        oldest = self._sent[0][0] if self._sent else self.seq + 1
        return oldest - 1 <= after_seq <= self.seq

    def replay(self, after_seq: int) -> None:
        """Send once more everything after a number, as it was."""
        for seq, packet in self._sent:
            if seq > after_seq and self.line is not None:
                self.line.put_text(packet)
