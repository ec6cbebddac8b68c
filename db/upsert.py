"""Statements of many values, or about rows that may be there already.

INSERT … ON CONFLICT both databases have, and SQLAlchemy spells it twice. Long lists of values are cut: PostgreSQL takes
65,535 in one statement, SQLite 32,766.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

VALUES_MAX = 1000
T = TypeVar("T")


def insert_or_ignore(connection: sa.Connection, table: sa.Table) -> sa.Insert:
    """Return an INSERT that does nothing where the row exists already."""
    return insert_into(connection.dialect.name, table).on_conflict_do_nothing()


def insert_or_update(
    connection: sa.Connection,
    table: sa.Table,
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    update: Mapping[str, Any],
) -> sa.Insert:
    """Return an INSERT of `values` that applies `update` to the row that has the same `key`.

    Args:
        connection: for whose database.
        table: into which.
        values: of the new row.
        key: the columns that say which row is the same.
        update: what changes in one that is there.
    """
    insert = insert_into(connection.dialect.name, table)
    return insert.values(values).on_conflict_do_update(index_elements=key, set_=dict(update))


def insert_into(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT, for statements that are made once for each dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the values in lists that fit into one statement."""
    rest = iter(values)
    while batch := list(islice(rest, VALUES_MAX)):
        yield batch
