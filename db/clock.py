"""Time is the database's, so that several machines agree about leases.

`lock` tells the time with the rows that it locks, as it is when the last of them is locked: whoever asks first and
waits then writes what is in the past, where nobody who follows changes looks any more. `now` is for what does not wait.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

TIME = "database_time"  # the name of the column that tells it
OPTION = "atelier_clock"  # the execution option of an engine, and so of its connections, that holds its `Clock`


@dataclass(slots=True)
class Clock:
    """How far one program's view of the database's time is moved; by nothing, but in tests."""

    offset_s: float = 0.0


def lock(
    connection: sa.Connection, query: sa.Select[Any], *, skip_locked: bool = False
) -> tuple[Sequence[sa.Row[Any]], dt.datetime]:
    """Lock the rows of a query for this transaction, in its order.

    skip_locked: wait for nothing, and leave out what others have locked. (On SQLite the transaction is the lock.)

    Returns:
        The rows, and the time after the last of them was locked.
    """
    locking = query.with_for_update(skip_locked=skip_locked).subquery()  # the time is told outside: when a row is out
    rows = connection.execute(sa.select(locking, sql_now(connection).label(TIME))).all()
    return rows, moment(rows[-1]) if rows else now(connection)


def now(connection: sa.Connection) -> dt.datetime:
    """Return the database's time, aware, in UTC. Before a lock that is yet to be waited for it is too early."""
    return moment(connection.execute(sa.select(sql_now(connection).label(TIME))).one())


def sql_now(connection: sa.Connection) -> sa.ColumnElement[float]:
    """Return the SQL expression of the time in seconds since 1970."""
    if connection.dialect.name == "sqlite":
        now: sa.ColumnElement[float] = sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Double)
    else:
        now = sa.literal_column("extract(epoch FROM clock_timestamp())::double precision", sa.Double)
    return now + sa.literal(connection.get_execution_options()[OPTION].offset_s, sa.Double)


def moment(row: sa.Row[Any]) -> dt.datetime:
    """Return the time that a row tells in its column TIME, which is `sql_now`."""
    return dt.datetime.fromtimestamp(row._mapping[TIME], dt.UTC)
