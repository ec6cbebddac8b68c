"""One bot on a PostgreSQL database: a second one is refused by the server, and dispatchers are let alone."""

import asyncio

import pytest

from db.bot_lock import bot_is_there, hold_bot_lock
from db.engine import Database
from db.errors import DatabaseInUse
from tests.support.clock import open_database

# Of SQLite's file the lock is another one: tests/unit/bot/test_data_folder.py
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def test_second_bot_on_postgresql_is_refused_and_may_follow(database: Database) -> None:
    async with open_database(database.url.render_as_string(hide_password=False)) as other:
        assert not await other.read(bot_is_there)
        async with hold_bot_lock(database.url, 5):
            assert await other.read(bot_is_there)
            with pytest.raises(DatabaseInUse, match="DATABASE_URL"):
                async with hold_bot_lock(other.url, 5):
                    pass
            await other.migrate()  # as a dispatcher beside the bot does
        async with hold_bot_lock(other.url, 5):
            pass


async def test_bot_whose_predecessor_is_just_ending_waits_for_it(database: Database) -> None:
    entered = asyncio.Event()

    async def end_soon() -> None:
        async with hold_bot_lock(database.url, 5):
            entered.set()

    first = asyncio.create_task(end_soon())
    await entered.wait()
    async with hold_bot_lock(database.url, 5):
        pass
    await first
