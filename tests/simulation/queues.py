"""A queue in memory: what `db.queue.fair_order.flows` and `db.queue.claim` do with rows, done with dictionaries.

A simulated day is 100,000 claims; on a database that is an hour. Every decision here is taken by the same pure
functions (`db.queue.fair_order.fairness`); `test_fairness_queue.py` holds the two together on real databases.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Protocol

from db.queue.fair_order.fairness import (
    REACH,
    GuildFlow,
    MemberFlow,
    MemberLoad,
    next_pace,
    refreshed,
    resized,
    served,
    with_affinity,
)
from db.queue.job import Pace

Flow = tuple[Pace, int, int]  # pace, guild, user
IDLE_GUILD = GuildFlow(start=0.0, since=0, clock=0.0, weight=1.0, ready=0, waiting=0, work=0)
IDLE_MEMBER = MemberFlow(start=0.0, since=0, weight=1.0, ready=False, waiting=0, work=0, passed=0)


@dataclass(slots=True, kw_only=True)
class Ask:
    """One job of a simulation."""

    number: int
    user: int
    guild: int
    work: int  # credits
    model: str  # the adapter that it wants, or the plain model
    at_s: float = 0.0
    pace: Pace = Pace.FAST
    started_s: float | None = None
    ended_s: float | None = None


class SimulatedQueue(Protocol):
    """Any way to decide who is next."""

    def join(self, ask: Ask) -> None:
        """Take in a job."""

    def claim(self, resident: Collection[str]) -> Ask | None:
        """Take the next job, for a worker that has these models in memory."""

    def ended(self, ask: Ask) -> None:
        """Note that a claimed job is over."""


@dataclass(slots=True)
class FairQueue:
    """The real order."""

    max_running: int
    weight_of: Callable[[int], float] = lambda _user: 1.0
    seq: int = 0
    clocks: dict[Pace, float] = field(default_factory=lambda: dict.fromkeys(Pace, 0.0))
    fast_run: int = 0
    guilds: dict[tuple[Pace, int], GuildFlow] = field(default_factory=lambda: defaultdict(lambda: IDLE_GUILD))
    members: dict[Flow, MemberFlow] = field(default_factory=dict)
    loads: dict[int, MemberLoad] = field(default_factory=dict)
    waiting: dict[Flow, deque[Ask]] = field(default_factory=lambda: defaultdict(deque))
    flows_of: dict[int, list[Flow]] = field(default_factory=lambda: defaultdict(list))
    ready: dict[tuple[Pace, int], set[Flow]] = field(default_factory=lambda: defaultdict(set))

    def join(self, ask: Ask) -> None:
        """Take in a job."""
        self.seq += 1
        flow = (ask.pace, ask.guild, ask.user)
        if flow not in self.members:
            self.members[flow] = replace(IDLE_MEMBER, weight=self.weight_of(ask.user))
            self.flows_of[ask.user].append(flow)
        self.waiting[flow].append(ask)
        guild, member = resized(self.guilds[flow[:2]], self.members[flow], 1, ask.work)
        self._rearrange(ask.user, flow, guild, member, queued=1, running=0)

    def claim(self, resident: Collection[str]) -> Ask | None:
        """Take the next job, for a worker that has these models in memory."""
        pace = self._next_pace()
        if pace is None:
            return None
        guild_id = min(
            (guild for (one, guild), flows in self.ready.items() if one is pace and flows),
            key=lambda guild: (self.guilds[pace, guild].start, self.guilds[pace, guild].since),
        )
        flow = self._head(pace, guild_id, resident)
        ask = self.waiting[flow].popleft()
        self.clocks[pace] = max(self.clocks[pace], self.guilds[pace, guild_id].start)
        relaxed_waits = any(flows for (one, _), flows in self.ready.items() if one is Pace.RELAXED)
        self.fast_run = self.fast_run + 1 if pace is Pace.FAST and relaxed_waits else 0
        guild, member = served(self.guilds[pace, guild_id], self.members[flow], ask.work)
        self._rearrange(ask.user, flow, guild, member, queued=-1, running=1)
        return ask

    def ended(self, ask: Ask) -> None:
        """Note that a claimed job is over."""
        flow = (ask.pace, ask.guild, ask.user)
        self._rearrange(ask.user, flow, self.guilds[flow[:2]], self.members[flow], queued=0, running=-1)

    def _next_pace(self) -> Pace | None:
        waits = {pace: any(flows for (one, _), flows in self.ready.items() if one is pace) for pace in Pace}
        if not any(waits.values()):
            return None
        return next_pace(fast=waits[Pace.FAST], relaxed=waits[Pace.RELAXED], fast_run=self.fast_run)

    def _head(self, pace: Pace, guild_id: int, resident: Collection[str]) -> Flow:
        order = sorted(
            self.ready[pace, guild_id], key=lambda flow: (self.members[flow].start, self.members[flow].since)
        )
        front = order[: REACH if resident else 1]
        chosen = with_affinity(
            [self.waiting[flow][0].model in resident for flow in front], [self.members[flow].passed for flow in front]
        )
        for flow in front[:chosen]:
            self.members[flow] = replace(self.members[flow], passed=self.members[flow].passed + 1)
        return front[chosen]

    def _rearrange(
        self, user: int, own: Flow, guild: GuildFlow, member: MemberFlow, *, queued: int, running: int
    ) -> None:
        """Let the member's flows follow, as `db.queue.fair_order.flows` does: they share a load."""
        load = self.loads.get(user, MemberLoad(queued=0, running=0, max_running=self.max_running))
        load = replace(load, queued=load.queued + queued, running=load.running + running)
        self.loads[user] = load
        self.guilds[own[:2]], self.members[own] = guild, member
        for flow in self.flows_of[user]:
            new_guild, new_member = refreshed(
                self.guilds[flow[:2]], self.members[flow], load, clock=self.clocks[flow[0]], seq=self.seq
            )
            self.guilds[flow[:2]], self.members[flow] = new_guild, new_member
            (self.ready[flow[:2]].add if new_member.ready else self.ready[flow[:2]].discard)(flow)


@dataclass(slots=True)
class FirstComeQueue:
    """First come, first served."""

    asks: deque[Ask] = field(default_factory=deque)

    def join(self, ask: Ask) -> None:
        """Take in a job."""
        self.asks.append(ask)

    def claim(self, resident: Collection[str]) -> Ask | None:
        """Take the oldest job."""
        return self.asks.popleft() if self.asks else None

    def ended(self, ask: Ask) -> None:
        """Nothing to note."""


@dataclass(slots=True)
class RoundRobinQueue:
    """Members in turn, one job each."""

    turns: deque[int] = field(default_factory=deque)
    asks: dict[int, deque[Ask]] = field(default_factory=lambda: defaultdict(deque))

    def join(self, ask: Ask) -> None:
        """Take in a job."""
        if not self.asks[ask.user]:
            self.turns.append(ask.user)
        self.asks[ask.user].append(ask)

    def claim(self, resident: Collection[str]) -> Ask | None:
        """Take the next member's oldest job."""
        if not self.turns:
            return None
        user = self.turns.popleft()
        ask = self.asks[user].popleft()
        if self.asks[user]:
            self.turns.append(user)
        return ask

    def ended(self, ask: Ask) -> None:
        """Nothing to note."""
