"""The local Discord's clock for a walk: it stands still while a step is taken, so that no deadline is a busy machine's.

What nobody answers is noticed all the same, since a step then never comes to its end.
"""

from bot.sandbox.clock import SandboxClock


class StepClock(SandboxClock):
    """Real time, as it was when the latest step began."""

    def __init__(self) -> None:
        super().__init__()
        self._shown_s = super().now()

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._shown_s + self.offset_s

    def next_step(self) -> None:
        """Go on to real time."""
        self._shown_s = super().now() - self.offset_s
        self._run_due_timers()
