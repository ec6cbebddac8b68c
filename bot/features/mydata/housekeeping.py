"""No command: what was kept long enough is thrown away, clips every quarter of an hour, the rest once an hour."""

import asyncio
import datetime as dt
import logging

from discord.ext import commands

from bot.features.mydata.old_clips import forget_old_clips
from bot.features.mydata.retention import Swept, sweep
from bot.shared.services import Services
from common.supervisor import Backoff, supervise

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 3600.0
PURGE_EVERY_S = 900.0
SCRUB_EVERY_S = 3600.0


class Housekeeping(commands.Cog):
    """Keep to the operator's periods."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._loops: list[asyncio.Task[None]] = []

    async def cog_load(self) -> None:
        """Begin."""
        self._loops = [
            supervise("retention", self._sweep, every_s=SWEEP_EVERY_S),
            supervise("purge-clips", self._purge, every_s=PURGE_EVERY_S),
            # Not sooner after an error either: whoever writes to the database waits for it.
            supervise(
                "scrub-database", self._scrub, every_s=SCRUB_EVERY_S, backoff=Backoff(SCRUB_EVERY_S, SCRUB_EVERY_S)
            ),
        ]

    async def cog_unload(self) -> None:
        """Stop."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def _sweep(self) -> None:
        swept = await sweep(self.services, dt.datetime.now(dt.UTC))
        if swept != Swept():
            log.info("kept long enough: %s", swept)

    async def _purge(self) -> None:
        await forget_old_clips(self.services, dt.datetime.now(dt.UTC))

    async def _scrub(self) -> None:
        if await self.services.db.scrub():
            log.info("what members deleted has left the database's files")
