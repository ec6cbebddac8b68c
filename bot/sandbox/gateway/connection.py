"""One WebSocket connection of a bot to the Gateway."""

import asyncio
import json
from typing import Any

from aiohttp import web


class GatewayConnection:
    """Writes one packet after another, so that nobody who sends one has to wait."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.get_running_loop().create_task(self._write())

    @property
    def open(self) -> bool:
        """Whether packets still arrive."""
        return not self.socket.closed and not self._writer.done()

    def send(self, packet: dict[str, Any]) -> None:
        """Send a packet after those before it."""
        self._queue.put_nowait(json.dumps(packet))

    def send_text(self, packet: str) -> None:
        """Send a packet that is JSON already."""
        self._queue.put_nowait(packet)

    async def flush(self) -> None:
        """Wait until everything sent so far is on its way."""
        if self.open:
            await asyncio.wait([asyncio.ensure_future(self._queue.join()), self._writer], return_when="FIRST_COMPLETED")

    async def close(self, code: int, reason: str = "") -> None:
        """Send what is left, then close the connection."""
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
                return  # whoever reads from it finds out, too
            finally:
                self._queue.task_done()
