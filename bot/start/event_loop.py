"""How the bot's one event loop and its database threads share the interpreter."""

import asyncio
import sys

SWITCH_INTERVAL_S = 0.001


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's event loop, which takes a tenth of a card's computing away; asyncio's own where there is none."""
    try:
        import uvloop  # not made for Windows
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def favour_event_loop() -> None:
    """Have threads hand the interpreter on after a millisecond.

    The event loop has something to do for a fraction of one, and waits for its turn each time: with Python's 5 ms,
    a crowd's acknowledgements come late.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
