"""Four processes, two hundred submits at once, credits for ten: exactly ten are accepted."""

import asyncio

from db.credits.allowance import Allowance
from db.credits.audit import audit
from db.engine import Database
from db.errors import NotEnoughCredits
from db.queue.finding import backlogs
from tests.support.clock import open_database
from tests.support.db.processes import run_at_once
from tests.support.db.store import StoreHarness

PROCESSES = 4
EACH = 50
QUOTA = 10
PRICE = 3
ALLOWANCE = Allowance(daily_credits=QUOTA * PRICE, cap_credits=QUOTA * PRICE)


def _submit_many(url: str, first_interaction: int) -> int:
    """Submit at once from a process of its own; return how many were accepted."""

    async def one(store: StoreHarness, number: int) -> bool:
        try:
            await store.submit(price=PRICE, interaction_id=first_interaction + number)
        except NotEnoughCredits:
            return False
        return True

    async def every() -> int:
        async with open_database(url) as database:
            store = StoreHarness(database, ALLOWANCE)
            return sum(await asyncio.gather(*(one(store, number) for number in range(EACH))))

    return asyncio.run(every())


async def test_parallel_submits_never_exceed_the_quota(database: Database, database_url: str) -> None:
    given = [(database_url, process * EACH) for process in range(PROCESSES)]
    accepted = await asyncio.to_thread(run_at_once, _submit_many, given)
    store = StoreHarness(database, ALLOWANCE)
    assert sum(accepted) == QUOTA
    assert await store.balances() == (0, QUOTA * PRICE)
    assert (await store.db.read(backlogs))["image"].jobs == QUOTA
    assert await store.db.read(audit) == []
