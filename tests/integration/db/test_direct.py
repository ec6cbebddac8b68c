"""Statements that are made once tell the same when they are run directly."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from db.direct import DirectConnection, made_once
from db.engine import Database
from db.tables import jobs, pending_orders
from db.tables.queue import lines
from tests.support.db.store import StoreHarness

BY_ID = sa.select(jobs).where(jobs.c.id == sa.bindparam("of"))
TOUCH = jobs.update().where(jobs.c.id == sa.bindparam("of")).values(revision=jobs.c.revision + 1)
ADD = lines.insert()


def both_ways(connection: sa.Connection, statement: Any, values: dict[str, Any]) -> tuple[Any, Any]:
    """Return the rows that the library's own connection gives, and ours."""
    assert isinstance(connection, DirectConnection)
    library = sa.Connection.execute(connection, statement, values).all()
    return library, connection.execute(made_once(statement), values).all()


async def test_rows_are_the_librarys(store: StoreHarness) -> None:
    job = await store.submit()
    library, ours = await store.db.read(both_ways, BY_ID, {"of": job.id})
    assert [row._asdict() for row in ours] == [row._asdict() for row in library]
    (row,) = ours
    assert row.queued_at == job.queued_at
    assert (row.request, row.private, row.started_at) == (job.request, False, None)


async def test_changed_rows_are_told_and_counted(store: StoreHarness) -> None:
    job = await store.submit()
    telling, touch = made_once(TOUCH.returning(jobs.c.revision, jobs.c.changed_at)), made_once(TOUCH)
    now = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)

    def change(connection: sa.Connection) -> None:
        assert tuple(connection.execute(telling, {"of": job.id, "changed_at": now}).one()) == (job.revision + 1, now)
        assert connection.execute(touch, {"of": job.id}).rowcount == 1
        assert connection.execute(touch, {"of": "nobody"}).rowcount == 0
        assert connection.execute(telling, {"of": "nobody", "changed_at": now}).one_or_none() is None

    await store.db.write(change)
    assert (await store.fresh(job)).revision == job.revision + 2


async def test_errors_are_the_librarys_and_tell_no_values(database: Database) -> None:
    add = made_once(ADD)

    def twice(connection: sa.Connection) -> None:
        for _ in range(2):
            connection.execute(add, {"kind": "secret"})

    with pytest.raises(sa.exc.IntegrityError) as caught:
        await database.write(twice)
    assert "secret" not in str(caught.value).replace("(kind)=(secret)", "")  # PostgreSQL's own words


async def test_a_value_that_is_missing_is_an_error(database: Database) -> None:
    with pytest.raises(sa.exc.StatementError):
        await database.read(lambda connection: connection.execute(made_once(BY_ID)))


async def test_lists_of_values_go_the_usual_way(store: StoreHarness) -> None:
    first, second = await store.submit(), await store.submit()
    among = made_once(sa.select(jobs.c.id).where(jobs.c.id.in_(sa.bindparam("ids", expanding=True))))

    def found(connection: sa.Connection) -> set[str]:
        return set(connection.execute(among, {"ids": [first.id, second.id, "nobody"]}).scalars())

    assert await store.db.read(found) == {first.id, second.id}


async def test_listeners_hear_of_them(database: Database) -> None:
    heard: list[str] = []
    statement = made_once(sa.select(pending_orders.c.id))
    await database.read(lambda connection: connection.execute(statement).all())
    sa.event.listen(database.engine, "before_cursor_execute", lambda _c, _k, sql, *_: heard.append(sql))
    await database.read(lambda connection: connection.execute(statement).all())
    assert len(heard) == 1
