"""Trying again what the platform, or the way to it, fails at."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable

import aiohttp
import discord

log = logging.getLogger(__name__)

# Pauses before Discord is tried again; once connected, discord.py keeps its own.
RECONNECT_S = (1.0, 2.0, 5.0, 15.0, 60.0)


async def patiently(attempt: Callable[[], Awaitable[object]]) -> None:
    """Try until it works, with growing pauses; what a pause cannot mend is raised at once."""
    for pause_s in itertools.chain(RECONNECT_S, itertools.repeat(RECONNECT_S[-1])):
        try:
            await attempt()
            return
        except (discord.LoginFailure, discord.Forbidden):
            raise
        except (OSError, aiohttp.ClientError, discord.HTTPException) as error:
            log.warning("Discord cannot be reached (%s); trying again in %.0f s", type(error).__name__, pause_s)
        await asyncio.sleep(pause_s)
