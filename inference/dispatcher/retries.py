"""Trying again while the database is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from db.errors import StoreBusy, StoreError

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
T = TypeVar("T")


async def retry(what: str, work: Callable[[], Awaitable[T]], *, for_s: float = 300.0) -> T:
    """Do `work`, again and again with growing pauses, until it succeeds; it must be safe to repeat.

    Raises:
        StoreError: the store refused it (being busy is no refusal).
        Exception: the last error, after `for_s` seconds of trying.
    """
    loop = asyncio.get_running_loop()
    give_up_s = loop.time() + for_s
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await work()
        except Exception as error:
            refused = isinstance(error, StoreError) and not isinstance(error, StoreBusy)
            if refused or loop.time() + pause_s > give_up_s:
                raise
            log.warning("%s: %s; again in %.1f s", what, type(error).__name__, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
