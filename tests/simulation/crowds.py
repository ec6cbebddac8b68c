"""Who asks for what, when: seeded crowds for the simulated farm."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from db.queue.job import Pace
from tests.simulation.farm import PLAIN
from tests.simulation.queues import Ask

SIZES = (1, 2, 4, 4, 4, 8, 12)  # credits of one job
ADAPTERS_PER_GUILD = 6
ADAPTED = 0.4  # share of jobs that want an adapter
BURSTS = 0.27  # share of arrivals that are bursts of a heavy member: nine tenths of the credits
FLOODER = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """A community and its machine."""

    members: int
    guilds: int
    workers: int
    seed: int

    def backlog(self, least: int, times: int) -> list[Ask]:
        """Return what is waiting when everybody asked for much at once: at least `least` credits each, and some for
        up to `times` as much, in many small jobs or few large ones.
        """
        chance, asks = random.Random(self.seed), []
        for user in range(1, self.members + 1):
            size, wanted = chance.choice(SIZES), least * chance.randint(1, times)
            asks += [self._ask(chance, user, size) for _ in range(-(-wanted // size))]
        chance.shuffle(asks)
        return _numbered(asks)

    def relaxed(self, jobs: int) -> list[Ask]:
        """Return what is asked for relaxed, at once, by as many members."""
        chance = random.Random(self.seed + 1)
        return [self._ask(chance, user, 4, pace=Pace.RELAXED) for user in range(1, jobs + 1)]

    def day(self, seconds: float, load: float) -> list[Ask]:
        """Return a while of everyday use at that load of the machine.

        One member in ten is heavy and comes with bursts of twenty jobs; they make nine tenths of the load. The others
        come now and then with one job of four credits.
        """
        chance, asks = random.Random(self.seed + 2), []
        everybody = range(1, self.members + 1)
        heavy = [user for user in everybody if self.is_heavy(user)]
        light = [user for user in everybody if not self.is_heavy(user)]
        credits = self.workers * seconds * load
        while credits > 0:
            at_s, burst = chance.uniform(0, seconds), chance.random() < BURSTS
            user = chance.choice(heavy if burst else light)
            sizes = [chance.choice(SIZES) for _ in range(20)] if burst else [4]
            asks += [self._ask(chance, user, size, at_s=at_s) for size in sizes]
            credits -= sum(sizes)
        return _numbered(sorted(asks, key=lambda ask: ask.at_s))

    def flood(self, jobs: int, at_s: float) -> list[Ask]:
        """Return one member's flood."""
        chance = random.Random(self.seed + 3)
        return [self._ask(chance, FLOODER, 4, at_s=at_s) for _ in range(jobs)]

    def is_heavy(self, user: int) -> bool:
        """Whether a member comes with bursts."""
        return user % 10 == 0

    def _ask(self, chance: random.Random, user: int, work: int, *, at_s: float = 0.0, pace: Pace = Pace.FAST) -> Ask:
        guild = user * self.guilds // (self.members + 1)
        adapted = chance.random() < ADAPTED
        rank = min(ADAPTERS_PER_GUILD - 1, int(chance.expovariate(0.7)))  # a few are much loved
        model = f"{guild}-{rank}" if adapted else PLAIN
        return Ask(number=0, user=user, guild=guild, work=work, model=model, at_s=at_s, pace=pace)


def _numbered(asks: list[Ask]) -> list[Ask]:
    for number, ask in enumerate(asks):
        ask.number = number
    return asks


def waits(asks: list[Ask], *, since_s: float, until_s: float) -> Iterator[float]:
    """Yield how long each ask of that time waited for its pictures; one that has none yet counts as if it came last."""
    for ask in asks:
        if since_s <= ask.at_s < until_s:
            yield (ask.ended_s if ask.ended_s is not None else 10 * until_s) - ask.at_s
