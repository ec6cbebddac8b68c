"""The ledger: allowances, grants, statements, and what the database itself refuses."""

import asyncio
import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from db.credits.allowance import Allowance
from db.credits.audit import audit
from db.engine import Database
from db.errors import NotEnoughCredits
from db.moderation.audit_log import latest_entries
from db.tables.credits import accounts, entries
from tests.support.clock import START
from tests.support.db.ledger import LedgerHarness
from tests.support.db.store import StoreHarness, because

DAY_S = 24 * 3600.0


@pytest.fixture
def ledger(database: Database) -> LedgerHarness:
    return LedgerHarness(database, Allowance(daily_credits=10, cap_credits=25))


async def test_allowance_comes_with_the_first_look(ledger: LedgerHarness) -> None:
    statement = await ledger.statement(1)
    assert (statement.available, statement.daily_allowance) == (10, 10)
    assert [(entry.kind, entry.amount) for entry in statement.entries] == [("allowance", 10)]


async def test_allowance_comes_once_a_day(ledger: LedgerHarness) -> None:
    await asyncio.gather(*(ledger.statement(1) for _ in range(8)))
    assert (await ledger.statement(1)).available == 10
    ledger.db.advance(DAY_S)
    await asyncio.gather(*(ledger.statement(1) for _ in range(8)))
    assert (await ledger.statement(1)).available == 20


async def test_allowance_of_missed_days_stops_at_the_cap(ledger: LedgerHarness) -> None:
    await ledger.statement(1)
    ledger.db.advance(30 * DAY_S)
    assert (await ledger.statement(1)).available == 25


async def test_allowance_counts_held_credits_towards_the_cap(database: Database) -> None:
    store = StoreHarness(database, Allowance(daily_credits=20, cap_credits=25))
    await store.submit(price=20)
    store.db.advance(DAY_S)
    assert await store.balances() == (5, 20)


async def test_allowance_renews_at_midnight(ledger: LedgerHarness) -> None:
    renews_at = (await ledger.statement(1)).renews_at
    assert renews_at == dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
    ledger.db.advance((renews_at - START).total_seconds())
    assert (await ledger.statement(1)).available == 20


async def test_grant_may_exceed_the_cap(ledger: LedgerHarness) -> None:
    assert await ledger.grant(1, 500, "poster-1", because("for the poster"))
    statement = await ledger.statement(1)
    assert statement.available == 510
    assert (statement.entries[0].kind, statement.entries[0].reason) == ("grant", "for the poster")


async def test_grant_repeated_is_one_grant(ledger: LedgerHarness) -> None:
    results = await asyncio.gather(*(ledger.grant(1, 5, "same", because("")) for _ in range(6)))
    assert sorted(results) == [False] * 5 + [True]
    assert (await ledger.statement(1)).available == 15
    assert len(await ledger.db.read(latest_entries, 7, 10)) == 1


async def test_grant_of_less_than_nothing_stops_at_zero(ledger: LedgerHarness) -> None:
    assert await ledger.grant(1, -4, "fix-1", because("a mistake"))
    with pytest.raises(NotEnoughCredits):
        await ledger.grant(1, -7, "fix-2", because("too much"))
    assert (await ledger.statement(1)).available == 6
    assert [noted.entry.reason for noted in await ledger.db.read(latest_entries, 7, 10)] == ["a mistake"]


async def test_grant_of_one_name_to_two_members_at_once_is_one_grant(ledger: LedgerHarness) -> None:
    for number in range(10):
        given = (ledger.grant(user, 1, f"grant-{number}", because("")) for user in (1, 2))
        assert sorted(await asyncio.gather(*given)) == [False, True]
    assert sum([(await ledger.statement(user)).available for user in (1, 2)]) == 20 + 10


async def test_spent_today_begins_anew_at_midnight(store: StoreHarness) -> None:
    await store.submit(price=9)
    (job,) = await store.claim()
    await store.settle(job)
    assert (await store.ledger.statement(1)).spent_today == 9
    store.db.advance(DAY_S)
    assert (await store.ledger.statement(1)).spent_today == 0


async def test_statement_has_a_line_for_what_a_job_holds_or_cost(store: StoreHarness) -> None:
    async def told() -> list[tuple[str, int, str | None]]:
        found = (await store.ledger.statement(1)).entries
        return [(entry.kind, entry.amount, entry.job_kind) for entry in found]

    allowance = ("allowance", 100_000, None)
    await store.submit(price=9)
    assert await told() == [("hold", -9, "image"), allowance]
    (job,) = await store.claim()
    await store.settle(job, charge=7)
    assert await told() == [("charge", -7, "image"), allowance]
    await store.jobs.cancel((await store.submit(price=5)).id, by_user=1)
    assert await told() == [("charge", -7, "image"), allowance]


async def test_database_itself_refuses_a_negative_balance(ledger: LedgerHarness) -> None:
    await ledger.statement(1)
    with pytest.raises(IntegrityError), ledger.db.begin() as connection:
        connection.execute(accounts.update().values(available=-1))


async def test_audit_finds_a_cooked_book(ledger: LedgerHarness) -> None:
    await ledger.statement(1)
    assert await ledger.db.read(audit) == []
    with ledger.db.begin() as connection:
        connection.execute(entries.update().where(entries.c.account == "mint").values(amount=sa.literal(-9)))
        connection.execute(accounts.update().values(available=11))
    assert await ledger.db.read(audit) == ["transfer 1 does not add up to zero", "1 available: 11, entries say 10"]
