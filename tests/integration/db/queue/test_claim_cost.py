"""Claiming reads two indexes, whatever waits."""

import sqlalchemy as sa

from db import clock
from db.engine import Database
from db.queue.claim import FIRST_JOBS, NEXT_GUILDS
from db.queue.lease import expired_query
from tests.support.db.store import StoreHarness
from tests.support.db.waiting import insert_waiting_jobs


def _plan(connection: sa.Connection, query: sa.Select[tuple[object, ...]]) -> str:
    """Return how the database would answer the query, in its own words."""
    words = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}).string
    how = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(tuple(row)) for row in connection.execute(sa.text(how + words)))


async def test_next_guild_is_an_indexed_read(database: Database) -> None:
    await insert_waiting_jobs(database, members=2000, each=2, guilds=1000)
    with database.engine.connect() as connection:
        plan = _plan(connection, NEXT_GUILDS.params(kinds=["image"]))
    assert "ix_guild_flows_next" in plan
    assert "SCAN guild_flows" not in plan
    assert "Seq Scan on guild_flows" not in plan


async def test_next_members_job_is_an_indexed_read(database: Database) -> None:
    await insert_waiting_jobs(database, members=2000, each=5, guilds=2)
    with database.engine.connect() as connection:
        for reach in (1, 4):
            plan = _plan(connection, FIRST_JOBS.params(of_kind="image", at_pace="fast", of=1, reach=reach))
            assert "ix_member_flows_next" in plan
            assert "ix_jobs_queued" in plan
            assert "Seq Scan" not in plan
            for table in ("jobs", "member_flows"):
                assert f"SCAN {table}" not in plan


async def test_expired_leases_are_an_indexed_read(database: Database) -> None:
    await insert_waiting_jobs(database, members=1000, each=5)
    with database.engine.connect() as connection:
        plan = _plan(connection, expired_query(clock.now(connection)))
    assert "ix_jobs_leases" in plan


async def test_claim_takes_the_same_few_statements_whatever_waits(database: Database) -> None:
    statements: list[str] = []
    sa.event.listen(
        database.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *rest: statements.append(statement),
    )
    store = StoreHarness(database)
    await insert_waiting_jobs(database, members=1000, each=10)
    counts = []
    for _ in range(3):
        statements.clear()
        assert len(await store.claim()) == 1
        counts.append(len(statements))
    assert max(counts) <= 14
