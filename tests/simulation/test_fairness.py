"""A small community in virtual time: who is served, and how long the others wait. No clock, so these are exact."""

import pytest

from db.queue.fair_order.fairness import RELAXED_EVERY
from tests.simulation.crowds import FLOODER, Crowd, waits
from tests.simulation.farm import LOAD_S, S_PER_CREDIT, farm, jain, percentile
from tests.simulation.queues import Ask, FairQueue, FirstComeQueue, SimulatedQueue

CROWD = Crowd(members=80, guilds=8, workers=8, seed=3)
SPAN_S = 400.0
WIDE = 1000  # at once, so that the order is all that protects


def served(queue: SimulatedQueue) -> list[float]:
    asks = CROWD.backlog(80, 5)
    farm(queue, CROWD.workers).run(asks, SPAN_S)
    credits = dict.fromkeys(range(1, CROWD.members + 1), 0.0)
    for ask in asks:
        credits[ask.user] += ask.work * (ask.started_s is not None)
    return list(credits.values())


def light_p95(queue: SimulatedQueue, flood: list[Ask]) -> float:
    asks = CROWD.day(SPAN_S, 1.1)  # others' bursts keep everything busy, flood or not
    farm(queue, CROWD.workers).run([*asks, *flood], SPAN_S)
    light = [ask for ask in asks if not CROWD.is_heavy(ask.user)]
    return percentile(list(waits(light, since_s=100, until_s=360)), 0.95)


def test_everybody_who_waits_is_served_alike_by_credits() -> None:
    assert jain(served(FairQueue(WIDE))) > 0.95 > jain(served(FirstComeQueue()))


def test_flood_hardly_delays_those_who_ask_now_and_then() -> None:
    calm = light_p95(FairQueue(WIDE), [])
    running_s = 4 * S_PER_CREDIT + LOAD_S  # one of the flood's jobs, which is not interrupted; 80 members feel it
    assert light_p95(FairQueue(WIDE), CROWD.flood(1000, 100.0)) <= calm + running_s
    assert light_p95(FirstComeQueue(), CROWD.flood(1000, 100.0)) > 5 * calm


@pytest.mark.parametrize("guild", [0, 5], ids=["the flooder's guild", "another guild"])
def test_newcomer_waits_for_what_runs_and_no_longer(guild: int) -> None:
    newcomer = Ask(number=0, user=77, guild=guild, work=12, model="plain", at_s=50.0)
    farm(FairQueue(WIDE), CROWD.workers).run([*CROWD.flood(1000, 0.0), newcomer], SPAN_S)
    assert newcomer.started_s is not None
    assert newcomer.started_s - newcomer.at_s <= 4 * S_PER_CREDIT + LOAD_S  # one of the flood's jobs, at most
    assert newcomer.user != FLOODER


def test_heavier_weight_gets_its_share() -> None:
    asks = [Ask(number=n, user=n % 2, guild=0, work=4, model="plain") for n in range(1000)]
    farm(FairQueue(WIDE, weight_of=lambda user: 3.0 if user else 1.0), 4).run(asks, 400.0)
    started = [sum(ask.started_s is not None for ask in asks if ask.user == user) for user in (0, 1)]
    assert started[1] / started[0] == pytest.approx(3, rel=0.05)


def test_relaxed_jobs_never_starve() -> None:
    relaxed = CROWD.relaxed(10)
    fast = CROWD.backlog(200, 2)
    farm(FairQueue(WIDE), CROWD.workers).run([*relaxed, *fast], SPAN_S)
    last_s = max(waits(relaxed, since_s=0, until_s=SPAN_S))
    claimed = sum(ask.started_s is not None and ask.started_s <= last_s for ask in fast)
    assert last_s < SPAN_S
    assert claimed <= (len(relaxed) + 2) * RELAXED_EVERY
