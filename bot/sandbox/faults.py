"""Fault injection: what a real platform does on a bad day, armed by tests or through `/sandbox/faults`.

Faults of single requests are armed with a route pattern and a number of times; those of the Gateway and of
interactions are flags that `bot.sandbox.gateway` and `bot.sandbox.interactions` look at.
"""

import asyncio
import fnmatch
from dataclasses import dataclass
from typing import Any, Literal

When = Literal["before", "after"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that waits for its request."""

    kind: Literal["rate_limit", "error", "lose_reply", "hold"]
    route: str = "*"  # such as "POST /channels/{channel_id}/messages"; * matches anything
    times: int = 1
    status: int = 500
    when: When = "before"
    retry_after_s: float = 0.05
    everywhere: bool = False  # a global rate limit

    def matches(self, *requests: str) -> bool:
        """Tell whether a request meets this fault, by any of the ways to write it: its route, or its very path."""
        pattern = self.route.replace("[", "[[]")
        return any(fnmatch.fnmatchcase(request, pattern) for request in requests)


class Faults:
    """Everything that is armed."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []
        self.lost_interactions = 0  # how many of the next interactions never reach the bot
        self.held_interactions = 0  # how many of the next ones wait for `release`
        self.zombie = False  # heartbeats are not acknowledged
        self._released = asyncio.Event()

    def rate_limit(
        self, route: str = "*", *, times: int = 1, retry_after_s: float = 0.05, everywhere: bool = False
    ) -> None:
        """Answer 429.

        Args:
            route: a pattern; `*` matches anything.
            times: how many requests are refused.
            retry_after_s: what the bot is told to wait.
            everywhere: say that the limit is global, not the route's.
        """
        self._arm(kind="rate_limit", route=route, times=times, retry_after_s=retry_after_s, everywhere=everywhere)

    def error(self, route: str = "*", *, status: int = 500, when: When = "before", times: int = 1) -> None:
        """Answer with an error.

        Args:
            route: a pattern; `*` matches anything.
            status: the HTTP status.
            when: "after" carries the request out all the same, "before" does not.
            times: how many requests fail.
        """
        self._arm(kind="error", route=route, times=times, status=status, when=when)

    def lose_reply(self, route: str = "*", *, times: int = 1) -> None:
        """Carry requests out, and cut the connection without an answer."""
        self._arm(kind="lose_reply", route=route, times=times)

    def hold(self, route: str = "*", *, times: int = 1) -> None:
        """Let requests wait until `release`."""
        self._arm(kind="hold", route=route, times=times)

    def release(self) -> None:
        """Let everything that is held go on."""
        self._released.set()
        self._released = asyncio.Event()
        self.held_interactions = 0

    def clear(self) -> None:
        """Disarm everything, and let everything that is held go on."""
        self.armed.clear()
        self.lost_interactions = 0
        self.zombie = False
        self.release()

    def take(self, *requests: str) -> Fault | None:
        """Return the fault that a request meets now, and count it.

        Args:
            requests: the ways to write the request, see `Fault.matches`.
        """
        for fault in self.armed:
            if fault.matches(*requests):
                fault.times -= 1
                if fault.times <= 0:
                    self.armed.remove(fault)
                return fault
        return None

    def next_release(self) -> asyncio.Event:
        """Return the event that the next `release` sets."""
        return self._released

    def to_json(self) -> list[dict[str, Any]]:
        """Return what is armed, as `GET /sandbox/faults` shows it."""
        fields = ("kind", "route", "times", "status", "when", "retry_after_s")
        armed = [{name: getattr(fault, name) for name in fields} | {"global": fault.everywhere} for fault in self.armed]
        if self.lost_interactions:
            armed.append({"kind": "lose_interactions", "times": self.lost_interactions})
        if self.held_interactions:
            armed.append({"kind": "hold_interactions", "times": self.held_interactions})
        if self.zombie:
            armed.append({"kind": "zombie"})
        return armed

    def _arm(self, **fields: Any) -> None:
        self.armed.append(Fault(**fields))
