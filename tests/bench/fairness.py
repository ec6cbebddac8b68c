"""How fair the order is, in virtual time: 1,000 members of 50 guilds at 100 workers, against first come, first served
and round robin. `db.queue.fair_order.fairness` decides, as on the database; limits are wide, so that the order is all
that protects.

    jain                      credits served to members who all wait all the time; 1 is fair
    light_p50_s, light_p95_s  from asking to the picture, for members who ask now and then, while others come in bursts
    light_p95_flood_over_calm the same, while one member has asked for 1,000 jobs at once, over without
    adapter_hit_rate          adapters found in memory, of 300, at 70 % load; the dispatcher chooses among free workers
    relaxed_longest_wait_s    the longest wait of a relaxed job while fast ones wait all the time
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from tests.bench.report import main
from tests.simulation.crowds import FLOODER, Crowd, waits
from tests.simulation.farm import farm, jain, percentile
from tests.simulation.queues import Ask, FairQueue, FirstComeQueue, RoundRobinQueue, SimulatedQueue

MAX_RUNNING = 100
LOAD = 0.95
CALM_LOAD = 0.7


@dataclass(slots=True)
class Blind:
    """A queue that is not told what is in memory."""

    queue: SimulatedQueue

    def join(self, ask: Ask) -> None:
        """Take in a job."""
        self.queue.join(ask)

    def claim(self, resident: Collection[str]) -> Ask | None:
        """Take the next job, whatever is in memory."""
        return self.queue.claim(())

    def ended(self, ask: Ask) -> None:
        """Note that a claimed job is over."""
        self.queue.ended(ask)


QUEUES: Mapping[str, Callable[[], SimulatedQueue]] = {
    "": lambda: FairQueue(MAX_RUNNING),
    "_first_come": FirstComeQueue,
    "_round_robin": RoundRobinQueue,
}


def measure(quick: bool) -> dict[str, float]:
    """Return the figures; quick: a quarter of the members, guilds and workers, and a shorter while."""
    crowd = Crowd(250, 12, 25, 7) if quick else Crowd(1000, 50, 100, 7)
    span_s = 600.0 if quick else 1200.0
    figures: dict[str, float] = {"members": crowd.members, "guilds": crowd.guilds, "workers": crowd.workers}
    for name, queue in QUEUES.items():
        figures |= _shares(crowd, queue(), name, span_s)
        figures |= _light(crowd, queue, name, span_s)
    figures |= _relaxed(crowd, span_s)
    return figures | _hit_rates(crowd, span_s)


def _shares(crowd: Crowd, queue: SimulatedQueue, name: str, span_s: float) -> dict[str, float]:
    """Let everybody wait all the time, and see who was served how many credits."""
    each = int(span_s * crowd.workers / crowd.members)
    asks = crowd.backlog(2 * each, 5)
    farm(queue, crowd.workers).run(asks, span_s)
    served = Counter[int]()
    for ask in asks:
        if ask.started_s is not None:
            served[ask.user] += ask.work
    return {f"jain{name}": jain([served[user] for user in range(1, crowd.members + 1)])}


def _light(crowd: Crowd, queue: Callable[[], SimulatedQueue], name: str, span_s: float) -> dict[str, float]:
    """Look at those who ask now and then, with and without a flood."""
    at_s = span_s / 4
    figures: dict[str, float] = {}
    p95: list[float] = []
    for flooded in (False, True):
        asks = crowd.day(span_s, LOAD)
        flood = crowd.flood(1000, at_s) if flooded else []
        farm(queue(), crowd.workers).run([*asks, *flood], span_s)
        light = [ask for ask in asks if ask.user != FLOODER and not crowd.is_heavy(ask.user)]
        seen = list(waits(light, since_s=at_s, until_s=0.9 * span_s))
        p95.append(percentile(seen, 0.95))
        label = f"light_{{}}_flood_s{name}" if flooded else f"light_{{}}_s{name}"
        figures |= {label.format("p50"): percentile(seen, 0.5), label.format("p95"): p95[-1]}
    return figures | {f"light_p95_flood_over_calm{name}": p95[1] / p95[0]}


def _relaxed(crowd: Crowd, span_s: float) -> dict[str, float]:
    """Let a fifth of the members ask relaxed while fast jobs wait all the time."""
    each = int(span_s * crowd.workers / crowd.members)
    relaxed = crowd.relaxed(crowd.members // 5)
    farm(FairQueue(MAX_RUNNING), crowd.workers).run([*relaxed, *crowd.backlog(3 * each, 2)], span_s)
    return {
        "relaxed_longest_wait_s": max(waits(relaxed, since_s=0.0, until_s=span_s)),
        "relaxed_never_served": sum(ask.started_s is None for ask in relaxed),
    }


def _hit_rates(crowd: Crowd, span_s: float) -> dict[str, float]:
    """Count adapters found in memory: as the dispatcher does it, if claims were told as well, and without any care."""
    farms = {
        "adapter_hit_rate": farm(Blind(FairQueue(MAX_RUNNING)), crowd.workers),
        "adapter_hit_rate_told": farm(FairQueue(MAX_RUNNING), crowd.workers),
        "adapter_hit_rate_careless": farm(Blind(FairQueue(MAX_RUNNING)), crowd.workers, prefers=False),
    }
    for one in farms.values():
        one.run(crowd.day(span_s, CALM_LOAD), span_s)
    return {name: one.hit_rate for name, one in farms.items()}


if __name__ == "__main__":
    main("fairness", __doc__, measure)
