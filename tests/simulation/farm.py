"""A farm in virtual time: workers that draw one job after another, keep a few adapters in memory, and take their next
job from a queue. No clock, no process, no chance: the same asks give the same times.
"""

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.simulation.queues import Ask, SimulatedQueue

S_PER_CREDIT = 1.0  # one credit buys about one picture
LOAD_S = 2.0  # an adapter that is not in memory
KEPT = 16  # adapters in a worker's memory
PLAIN = "plain"  # wants no adapter


@dataclass(slots=True)
class Worker:
    """One device."""

    kept: OrderedDict[str, None] = field(default_factory=OrderedDict)  # adapters, the latest used last

    def use(self, model: str) -> bool:
        """Bring an adapter into memory; return whether it was there."""
        hit = model in self.kept
        self.kept[model] = None
        self.kept.move_to_end(model)
        if len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        return hit


@dataclass(slots=True)
class Farm:
    """Workers and what they did."""

    queue: SimulatedQueue
    workers: Sequence[Worker]
    prefers: bool = True  # jobs go to a free worker that has their adapter
    free: list[int] = field(default_factory=list)
    hits: int = 0
    misses: int = 0

    def run(self, asks: Iterable[Ask], until_s: float) -> None:
        """Let time pass: jobs join when they are asked for, workers take the next as soon as they are free."""
        self.free = list(range(len(self.workers)))
        order = itertools.count()
        events: list[tuple[float, int, int, Ask]] = [(ask.at_s, next(order), -1, ask) for ask in asks]
        heapq.heapify(events)
        while events and events[0][0] <= until_s:
            now_s, _, worker, ask = heapq.heappop(events)
            if worker < 0:
                self.queue.join(ask)
            else:
                ask.ended_s = now_s
                self.queue.ended(ask)
                self.free.append(worker)
            while self.free and (started := self._start(now_s)):
                heapq.heappush(events, (started[1].ended_s or 0.0, next(order), *started))

    def _start(self, now_s: float) -> tuple[int, Ask] | None:
        """Start the next job on a free worker, best one that has its adapter."""
        resident = {model for worker in self.free for model in self.workers[worker].kept}
        ask = self.queue.claim(resident)
        if ask is None:
            return None
        chosen = next((one for one in self.free if self.prefers and ask.model in self.workers[one].kept), self.free[0])
        self.free.remove(chosen)
        load_s = 0.0
        if ask.model != PLAIN:
            hit = self.workers[chosen].use(ask.model)
            self.hits, self.misses = self.hits + hit, self.misses + (not hit)
            load_s = 0.0 if hit else LOAD_S
        ask.started_s = now_s
        ask.ended_s = now_s + load_s + ask.work * S_PER_CREDIT
        return chosen, ask

    @property
    def hit_rate(self) -> float:
        """Share of the jobs with an adapter that found it in their worker's memory."""
        return self.hits / max(1, self.hits + self.misses)


def farm(queue: SimulatedQueue, workers: int, *, prefers: bool = True) -> Farm:
    """Return a farm with empty memories."""
    return Farm(queue, [Worker() for _ in range(workers)], prefers)


def jain(amounts: Sequence[float]) -> float:
    """Return Jain's fairness index: 1 if all got the same, 1/n if one got everything.

    Jain, Chiu, Hawe, "A Quantitative Measure of Fairness and Discrimination", DEC TR-301, 1984.
    """
    return sum(amounts) ** 2 / (len(amounts) * sum(amount**2 for amount in amounts))


def percentile(amounts: Sequence[float], share: float) -> float:
    """Return the amount that so large a share is not above."""
    ordered = sorted(amounts)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
