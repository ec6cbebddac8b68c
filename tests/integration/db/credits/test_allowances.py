"""What tiers need of the store: monthly allowances, budgets of guilds, gifts, weights, and estimates."""

import datetime as dt

import pytest

from db import clock
from db.credits.allowance import Allowance
from db.credits.audit import audit
from db.credits.budgets import Budget, used
from db.engine import Database
from db.errors import BudgetSpent, NotEnoughCredits
from db.queue.fair_order.position import estimate_position, queue_position
from db.queue.job import Pace
from tests.support.clock import START
from tests.support.db.ledger import LedgerHarness
from tests.support.db.store import StoreHarness, because

DAY_S = 24 * 3600.0
BUDGET = Budget(daily_credits=10)


@pytest.fixture
def ledger(database: Database) -> LedgerHarness:
    return LedgerHarness(database, Allowance(daily_credits=10, cap_credits=25))


async def guild_use(store: StoreHarness) -> tuple[int, int]:
    with store.db.engine.connect() as connection:
        return used(connection, 7, BUDGET, clock.now(connection))


async def test_monthly_allowance_comes_once_a_month_beside_the_daily_one(ledger: LedgerHarness) -> None:
    rich = Allowance(daily_credits=1, cap_credits=500, monthly_credits=100)
    statement = await ledger.statement(1, allowance=rich)
    assert (statement.available, statement.monthly_allowance) == (101, 100)
    assert {entry.reason for entry in statement.entries} == {"", "monthly"}
    assert statement.month_renews_at == dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    assert (await ledger.statement(1, allowance=rich)).available == 101
    ledger.db.advance((statement.month_renews_at - START).total_seconds())
    assert (await ledger.statement(1, allowance=rich)).available == 101 + 18 + 100


async def test_day_begins_at_the_midnight_of_the_guild(ledger: LedgerHarness) -> None:
    tokyo = Allowance(daily_credits=5, cap_credits=100, timezone="Asia/Tokyo")
    renews_at = (await ledger.statement(1, allowance=tokyo)).renews_at
    assert renews_at == dt.datetime(2026, 1, 14, 15, tzinfo=dt.UTC)
    ledger.db.advance((renews_at - START).total_seconds())
    assert (await ledger.statement(1, allowance=tokyo)).available == 10


async def test_better_tier_adds_the_difference_on_the_same_day(ledger: LedgerHarness) -> None:
    await ledger.statement(1)
    assert (await ledger.statement(1, allowance=Allowance(18, 100))).available == 18
    assert (await ledger.statement(1)).available == 18


async def test_gift_moves_credits_once(ledger: LedgerHarness) -> None:
    assert await ledger.give(1, 2, 4, "gift-1")
    assert not await ledger.give(1, 2, 4, "gift-1")
    giver, taker = await ledger.statement(1), await ledger.statement(2)
    assert (giver.available, taker.available) == (6, 14)
    gift = next(entry for entry in taker.entries if entry.kind == "gift")
    assert (gift.amount, gift.by_user) == (4, 1)
    assert await ledger.db.read(audit) == []


async def test_gift_of_more_than_there_is_changes_nothing(ledger: LedgerHarness) -> None:
    with pytest.raises(NotEnoughCredits):
        await ledger.give(1, 2, 11, "gift-1")
    assert [(await ledger.statement(user)).available for user in (1, 2)] == [10, 10]


async def test_set_leaves_exactly_that_and_says_the_difference(ledger: LedgerHarness) -> None:
    assert await ledger.set_available(1, 3, "set-1", because("a fresh start")) == -7
    assert await ledger.set_available(1, 3, "set-1", because("a fresh start")) == 0
    statement = await ledger.statement(1)
    assert (statement.available, statement.entries[0].by_user) == (3, 9)


async def test_statement_tells_what_was_spent_on_each_day(store: StoreHarness) -> None:
    for credits in (3, 5):
        await store.submit(price=credits)
        await store.settle((await store.claim())[0])
        store.db.advance(DAY_S)
    assert (await store.ledger.statement(1)).spent_by_day[-3:] == (3, 5, 0)


async def test_budget_of_a_guild_binds_all_its_members_together(store: StoreHarness) -> None:
    await store.submit(1, price=6, budget=BUDGET)
    with pytest.raises(BudgetSpent) as refusal:
        await store.submit(2, price=5, budget=BUDGET)
    assert (refusal.value.left, refusal.value.price) == (4, 5)
    assert await store.balances(2) == (100_000, 0)
    await store.submit(2, price=5, guild_id=8, budget=BUDGET)
    await store.submit(2, price=4, budget=BUDGET)
    assert await guild_use(store) == (10, 10)


async def test_budget_gets_back_what_was_not_charged(store: StoreHarness) -> None:
    job = await store.submit(1, price=6, budget=BUDGET)
    await store.submit(2, price=4, budget=BUDGET)
    await store.jobs.cancel(job.id, by_user=1)
    await store.settle((await store.claim())[0], charge=1)
    assert await guild_use(store) == (1, 1)


async def test_budget_begins_anew_each_day(store: StoreHarness) -> None:
    await store.submit(1, price=10, budget=BUDGET)
    store.db.advance(DAY_S)
    await store.submit(1, price=10, budget=BUDGET)


async def test_free_jobs_use_no_budget(store: StoreHarness) -> None:
    await store.submit(1, price=10, budget=BUDGET)
    relaxed = await store.submit(2, price=0, work=8, pace=Pace.RELAXED, budget=BUDGET)
    assert (relaxed.price, relaxed.work) == (0, 8)


async def test_weight_gives_a_member_their_share(store: StoreHarness) -> None:
    for _ in range(12):
        await store.submit(1, weight=3.0)
        await store.submit(2)
    assert sum(job.user_id == 1 for job in await store.claim(12)) == pytest.approx(9, abs=1)


async def test_weight_gives_a_guild_its_share(store: StoreHarness) -> None:
    for _ in range(12):
        await store.submit(1, guild_id=7, guild_weight=3.0)
        await store.submit(2, guild_id=8)
    assert sum(job.guild_id == 7 for job in await store.claim(12)) == pytest.approx(9, abs=1)


@pytest.mark.parametrize(("user_id", "guild_id"), [(1, 7), (5, 7), (5, 9), (3, 8)])
@pytest.mark.parametrize("pace", list(Pace))
async def test_foreseen_place_is_the_one_that_is_then_taken(
    store: StoreHarness, user_id: int, guild_id: int, pace: Pace
) -> None:
    for number in range(12):
        await store.submit(1 + number % 3, guild_id=7 + number % 2)
        await store.submit(4, guild_id=8, pace=Pace.RELAXED)
    await store.claim(3)
    foreseen = await store.db.read(estimate_position, kind="image", pace=pace, guild_id=guild_id, user_id=user_id)
    job = await store.submit(user_id, guild_id=guild_id, pace=pace)
    assert foreseen == await store.db.read(queue_position, job.id)


async def test_foreseen_place_in_an_empty_line_is_the_first(store: StoreHarness) -> None:
    place = await store.db.read(estimate_position, kind="image", pace=Pace.FAST, guild_id=None, user_id=1)
    assert (place.ahead, place.ahead_credits) == (0, 0)
