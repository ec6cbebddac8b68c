"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy spells twice."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


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
    """Return an INSERT of `values` that applies `update` to the row that has the same `key`."""
    insert = insert_into(connection.dialect.name, table)
    return insert.values(values).on_conflict_do_update(index_elements=key, set_=dict(update))


def insert_into(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT, for statements that are made once for each dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
