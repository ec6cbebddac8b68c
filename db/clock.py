"""Time is the database's, so that several machines agree about leases.

`lock` tells the time with the rows that it locks, as it is when the last of them is locked: whoever asks first and
waits then writes what is in the past, where nobody who follows changes looks any more. `now` is for what does not wait.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from db.direct import made_once
from db.program import program_of

TIME = "database_time"  # the name of the column that tells it


class DatabaseTime(FunctionElement[float]):
    """The database's own time, in seconds since 1970, when a row is told."""

    inherit_cache = True
    name = "database_time"
    type = sa.Double()


@compiles(DatabaseTime, "sqlite")
def _on_sqlite(*_: object, **__: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(DatabaseTime, "postgresql")
def _on_postgresql(*_: object, **__: object) -> str:
    return "extract(epoch FROM clock_timestamp())::double precision"


NOW = DatabaseTime().label(TIME)
_NOW_ALONE = made_once(sa.select(NOW))


def locking(query: sa.Select[Any], *, skip_locked: bool = False) -> sa.Select[Any]:
    """Return the statement that locks the rows of a query in its order, for `lock`.

    skip_locked: wait for nothing, and leave out what others have locked. (On SQLite the transaction is the lock.)
    """
    return made_once(sa.select(query.with_for_update(skip_locked=skip_locked).subquery(), NOW))  # when a row is out


def lock(
    connection: sa.Connection, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
) -> tuple[Sequence[sa.Row[Any]], dt.datetime]:
    """Lock rows for this transaction.

    Args:
        connection: the transaction.
        statement: of `locking`.
        values: of its parameters.

    Returns:
        The rows, and the time after the last of them was locked.
    """
    rows = connection.execute(statement, values).all()
    return rows, moment(connection, rows[-1]) if rows else now(connection)


def locks_rows(connection: sa.Connection) -> bool:
    """Tell whether rows are locked one by one; on SQLite the transaction is the lock, and nobody waits in it."""
    return connection.dialect.name != "sqlite"


def now(connection: sa.Connection) -> dt.datetime:
    """Return the database's time, aware, in UTC. Before a lock that is yet to be waited for it is too early."""
    return moment(connection, connection.execute(_NOW_ALONE).one())


def moment(connection: sa.Connection, row: sa.Row[Any]) -> dt.datetime:
    """Return the time that a row tells in its last column, which is `NOW`."""
    return dt.datetime.fromtimestamp(row[-1] + offset_s(connection), dt.UTC)


def offset_s(connection: sa.Connection) -> float:
    """Return by how much time is moved here, for statements that write `DatabaseTime` themselves."""
    return program_of(connection).clock_offset_s
