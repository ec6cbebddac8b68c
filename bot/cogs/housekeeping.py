"""No command: once an hour, what was kept long enough is thrown away."""

import datetime as dt
import logging

from discord.ext import commands, tasks

from bot.services.retention import Swept, sweep
from bot.services.studio import Studio

log = logging.getLogger(__name__)


class Housekeeping(commands.Cog):
    """Keep to the operator's periods."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    async def cog_load(self) -> None:
        """Begin."""
        self.hourly.start()

    async def cog_unload(self) -> None:
        """Stop."""
        self.hourly.cancel()

    @tasks.loop(hours=1)
    async def hourly(self) -> None:
        """Throw away what is old. A round that fails is followed by the next."""
        try:
            swept = await sweep(self.studio, dt.datetime.now(dt.UTC))
        except Exception:
            log.exception("what is old could not be thrown away; trying again in an hour")
            return
        if swept != Swept():
            log.info("kept long enough: %s", swept)
