"""Ids as Discord makes them: they hold the time and grow.

https://discord.com/developers/docs/reference#snowflakes
"""

from bot.sandbox.clock import SandboxClock

DISCORD_EPOCH_S = 1420070400  # the first second of 2015


class SnowflakeGenerator:
    """Makes ids that grow strictly, even within one millisecond."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """Return a new id."""
        self._last = max(self._last + 1, int((self._clock.now() - DISCORD_EPOCH_S) * 1000) << 22)
        return str(self._last)

    def skip_past(self, used: str) -> None:
        """Never return `used` or an id below it: it comes from an earlier run."""
        self._last = max(self._last, int(used))
