"""Migrations: they make what `db.tables` says, once, whoever else starts at the same moment."""

import asyncio
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from db import clock
from db.credits.allowance import Allowance
from db.engine import Database
from db.migrations.run import configuration
from db.tables.columns import metadata
from tests.support.clock import open_database
from tests.support.db.ledger import LedgerHarness
from tests.support.db.store import StoreHarness
from tests.support.forkserver import PROCESSES


def _migrate(url: str) -> None:
    async def run() -> None:
        async with open_database(url) as database:
            await database.migrate()

    asyncio.run(run())


async def test_upgrade_from_empty_makes_the_tables(empty_database_url: str) -> None:
    def differences(connection: sa.Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with open_database(empty_database_url) as database:
        await database.migrate()
        with database.begin() as connection:
            assert differences(connection) == []


async def test_upgrade_makes_the_checks_too(empty_database_url: str) -> None:
    def checks(connection: sa.Connection) -> set[str]:
        inspector = sa.inspect(connection)
        return {str(check["name"]) for table in metadata.tables for check in inspector.get_check_constraints(table)}

    async with open_database(empty_database_url) as database:
        await database.migrate()
        with database.begin() as connection:
            found = checks(connection)
    assert found == {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }


async def test_upgrade_twice_keeps_what_is_there(database: Database) -> None:
    store = StoreHarness(database)
    job = await store.submit()
    await database.migrate()
    assert await store.fresh(job) == job


async def test_downgrade_leaves_nothing(empty_database_url: str) -> None:
    def downgrade(connection: sa.Connection) -> list[str]:
        command.downgrade(configuration(connection), "base")
        return sorted(sa.inspect(connection).get_table_names())

    async with open_database(empty_database_url) as database:
        await database.migrate()
        with database.begin() as connection:
            assert downgrade(connection) == ["alembic_version"]


async def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    with PROCESSES.Pool(3) as pool:
        await asyncio.to_thread(pool.map, _migrate, [empty_database_url] * 3)
    async with open_database(empty_database_url) as database:
        assert await StoreHarness(database).balances() == (100_000, 0)


async def test_jobs_of_before_the_note_about_age_are_of_no_age_restricted_channel(empty_database_url: str) -> None:
    def to(connection: sa.Connection, revision: str) -> None:
        command.downgrade(configuration(connection), revision)

    async with open_database(empty_database_url) as database:
        await database.migrate()
        store = StoreHarness(database)
        old = await store.submit(age_restricted=True)
        with database.begin() as connection:
            to(connection, "0005")
        await database.migrate()
        assert not (await store.fresh(old)).age_restricted
        assert (await store.submit(age_restricted=True)).age_restricted


async def test_account_of_before_open_days_goes_on_where_it_was(empty_database_url: str) -> None:
    """Its last day was given: the same day gives no more, a better tier the difference, the next day its own."""
    async with open_database(empty_database_url) as database:
        with database.begin() as connection:
            command.upgrade(configuration(connection), "0005")
            now = clock.now(connection)
            day, month = now.toordinal(), now.year * 12 + now.month - 1
            values = f"1, 60, {day}, 60, {month}, 0"
            columns = "user_id, available, accrued_day, day_credits, accrued_month, month_credits"
            connection.execute(sa.text(f"INSERT INTO accounts ({columns}) VALUES ({values})"))
        await database.migrate()
        ledger = LedgerHarness(database, Allowance(60, 1000))
        assert (await ledger.statement(1)).available == 60
        assert (await ledger.statement(1, allowance=Allowance(200, 1000))).available == 200
        database.advance(24 * 3600.0)
        assert (await ledger.statement(1)).available == 260
