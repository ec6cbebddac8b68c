"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy spells twice."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(connection: sa.Connection, table: sa.Table) -> sa.Insert:
    """Return an INSERT that does nothing where the row exists already."""
    return _insert(connection, table).on_conflict_do_nothing()


def insert_or_update(
    connection: sa.Connection,
    table: sa.Table,
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    update: Mapping[str, Any],
) -> sa.Insert:
    """Return an INSERT of `values` that applies `update` to the row that has the same `key`."""
    return _insert(connection, table).values(values).on_conflict_do_update(index_elements=key, set_=dict(update))


def _insert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
