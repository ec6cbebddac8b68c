"""What belongs to a member has no upper bound, but the values bound to one statement have: 65,535 for PostgreSQL,
32,766 for SQLite as its authors build it.
"""

import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa

from db.credits.audit import audit
from db.credits.closing import LEFT
from db.engine import Database
from db.people.erasure import erase_member
from db.people.subjects import existing_subjects
from db.queue.retention import erase_jobs
from tests.support.db.store import StoreHarness

MEMBER, FRIEND = 1, 2
MANY = 66_000
SQLITE_VALUES_MAX = 32_766
COUNT_UP = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) "


@pytest.fixture
def database(database: Database) -> Database:
    """A database that takes no more values than any build of it does."""
    if database.is_sqlite:  # Debian's takes 250,000
        sa.event.listen(database.engine, "connect", _restrict)
    return database


def _restrict(connection: Any, _record: object) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, SQLITE_VALUES_MAX)


async def move_often(store: StoreHarness, changes: dict[int, tuple[str, int]]) -> None:
    """Write MANY transfers, each with the same entries (user id → account and amount), and the balances they make."""
    for user_id in (MEMBER, FRIEND):
        await store.ledger.statement(user_id)
    with store.db.begin() as connection:
        insert = "INSERT INTO transfers (id, kind, at) SELECT 1000 + i, 'grant', 0 FROM n"
        connection.execute(sa.text(COUNT_UP + insert))
        for user_id, (account, amount) in changes.items():
            insert = f"SELECT 1000 + i, '{account}', {user_id}, {amount} FROM n"
            connection.execute(
                sa.text(f"{COUNT_UP} INSERT INTO entries (transfer_id, account, user_id, amount) {insert}")
            )
            if user_id > 0:
                update = f"UPDATE accounts SET available = available + {amount * MANY} WHERE user_id = {user_id}"
                connection.execute(sa.text(update))
    assert await store.db.read(audit) == []


async def test_member_with_many_transfers_of_their_own_can_leave(store: StoreHarness) -> None:
    await move_often(store, {MEMBER: ("available", 1), 0: ("mint", -1)})
    gone = await store.db.write(erase_member, MEMBER)
    assert gone["credits"] == 2 * MANY + 2  # and the allowance
    assert await store.db.read(audit) == []


async def test_member_with_many_gifts_can_leave_and_so_can_whoever_gave_them(store: StoreHarness) -> None:
    await move_often(store, {MEMBER: ("available", 1), FRIEND: ("available", -1)})
    gone = await store.db.write(erase_member, MEMBER)
    assert gone["credits"] == MANY + 2
    assert await store.balances(FRIEND) == (100_000 - MANY, 0)
    await store.db.write(erase_member, FRIEND)
    assert await store.db.read(audit) == []
    with store.db.engine.connect() as connection:
        named = sa.text(f"SELECT count(*) FROM entries WHERE user_id NOT IN (0, {LEFT})")
        assert connection.execute(named).scalar_one() == 0


async def test_many_jobs_are_erased(store: StoreHarness) -> None:
    job = await store.submit(MEMBER)
    await store.jobs.cancel(job.id, by_user=MEMBER)
    others = [f"{number:026d}" for number in range(MANY)]
    assert await store.db.write(erase_jobs, [*others, job.id, job.id]) == 1


async def test_one_is_found_among_many_subjects(store: StoreHarness) -> None:
    assert await store.db.read(existing_subjects, {f"{number:026d}" for number in range(MANY)}) == set()
