"""The queue that simulations use decides as the one on the databases does."""

import random

import pytest

from db.engine import Database
from db.queue.job import Job, Pace
from tests.simulation.queues import Ask, FairQueue
from tests.support.db.store import StoreHarness

MAX_RUNNING = 2
STEPS = 60


@pytest.mark.parametrize("seed", [1, 2])
async def test_simulated_line_claims_in_the_order_of_the_real_one(database: Database, seed: int) -> None:
    chance, store, queue = random.Random(seed), StoreHarness(database), FairQueue(MAX_RUNNING, weight_of=weight_of)
    running: list[tuple[Job, Ask]] = []
    claims = 0
    for number in range(1, STEPS + 1):
        step = chance.choice(["join", "join", "claim", "claim", "end"])
        if step == "end" and running:
            job, ask = running.pop(chance.randrange(len(running)))
            await store.settle(job)
            queue.ended(ask)
        if step != "claim":  # also after an end: the numbers that break ties grow with each that joins
            await join(store, queue, chance, number)
            continue
        models = chance.choice([set(), {"warm"}])
        claimed, expected = await store.claim(models=models), queue.claim(models)
        assert [job.interaction_id for job in claimed] == ([expected.number] if expected else [])
        if expected:
            running.append((claimed[0], expected))
            claims += 1
    assert claims > 10


async def join(store: StoreHarness, queue: FairQueue, chance: random.Random, number: int) -> None:
    user = chance.randint(1, 6)
    ask = Ask(
        number=number,
        user=user,
        guild=1 + user % 2,
        work=chance.choice([1, 4, 7]),
        model=chance.choice(["warm", "cold"]),
        pace=chance.choice([Pace.FAST, Pace.FAST, Pace.RELAXED]),
    )
    queue.join(ask)
    await store.submit(
        ask.user,
        interaction_id=number,
        guild_id=ask.guild,
        price=ask.work,
        model=ask.model,
        pace=ask.pace,
        max_running=MAX_RUNNING,
        weight=weight_of(ask.user),
    )


def weight_of(user: int) -> float:
    return 2.0 if user == 3 else 1.0
