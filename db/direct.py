"""Statements that are made once, run on SQLite's own cursor.

What SQLAlchemy does around each statement (looking it up by its structure, a context, a cursor's result) takes several
times as long as SQLite does. A statement of `made_once` is compiled once, and from then on only its values are
converted, by its own types; whatever is not plain (lists of values, many rows at once, defaults made in Python, a
listener at the engine) takes the usual way. So does PostgreSQL, where a statement is a journey anyway.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any]
StatementT = TypeVar("StatementT", bound=sa.Executable)

OPTION = "atelier_made_once"  # the execution option: a statement's plans, by the names of its values


@dataclass(frozen=True, slots=True)
class Plan:
    """How a statement is run with values of certain names."""

    sql: str
    values: tuple[tuple[str, Any, Convert | None], ...]  # in their order: the name, what it is unless said, how to bind
    rows: SimpleResultMetaData | None  # None: it tells no rows


class DirectResult(IteratorResult[Any]):
    """What a statement told; and how many rows it changed."""

    def __init__(self, plan: Plan, rows: Sequence[Any], rowcount: int) -> None:
        super().__init__(plan.rows or _NOTHING, iter(rows))
        self.rowcount = rowcount


class DirectConnection(sa.Connection):
    """A connection that runs statements of `made_once` directly, on SQLite."""

    def execute(self, statement: Any, parameters: Any = None, **named: Any) -> Any:
        """Run a statement, as the library's own connections do."""
        plans = statement.get_execution_options().get(OPTION)
        if plans is None or named or isinstance(parameters, list) or self.dialect.name != "sqlite":
            return super().execute(statement, parameters, **named)
        values = parameters or {}
        key = tuple(values)
        if key not in plans:
            plans[key] = _plan(statement, self.dialect, key)
        plan = plans[key]
        if plan is None or self._has_events or self.engine._has_events:
            return super().execute(statement, parameters)
        return self._run(plan, values)

    def _run(self, plan: Plan, values: Mapping[str, Any]) -> DirectResult:
        bound = []
        for name, value, convert in plan.values:
            if name in values:
                value = values[name]
                if convert is not None:
                    value = convert(value)
            bound.append(value)
        connection: Any = self.connection.dbapi_connection
        try:
            cursor = connection.execute(plan.sql, bound)
            rows = cursor.fetchall() if plan.rows is not None else ()
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(
                plan.sql, None, error, sqlite3.Error, hide_parameters=True, dialect=self.dialect
            ) from error
        return DirectResult(plan, rows, cursor.rowcount)


def made_once(statement: StatementT) -> StatementT:
    """Return a statement that lives as long as the program, to be compiled once for the names of its values."""
    return statement.execution_options(**{OPTION: {}})


def _plan(statement: Any, dialect: sa.Dialect, names: Sequence[str]) -> Plan | None:
    """Return how to run a statement with values of these names; None: as the library does."""
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=list(names))
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    order = compiled.positiontup or []
    if any(bind.expanding or bind.literal_execute for bind in binds.values()):
        return None
    if compiled.insert_prefetch or compiled.update_prefetch:
        return None
    if any(bind.required and name not in names for name, bind in binds.items()):
        return None  # whose error says which one is missing
    converts = {name: _own(bind.type, dialect).bind_processor(dialect) for name, bind in binds.items()}
    fixed = {name: value for name, value in compiled.params.items() if name not in names}
    for name, value in fixed.items():
        if (convert := converts[name]) is not None:
            fixed[name] = convert(value)
    values = tuple((name, fixed.get(name), converts[name]) for name in order)
    return Plan(compiled.string, values, _rows(statement, dialect))


def _rows(statement: Any, dialect: sa.Dialect) -> SimpleResultMetaData | None:
    columns = statement.exported_columns
    if not len(columns):
        return None
    converts = [_own(column.type, dialect).result_processor(dialect, None) for column in columns]
    return SimpleResultMetaData(list(columns.keys()), _processors=converts if any(converts) else None)


def _own(type_: Any, dialect: sa.Dialect) -> Any:
    return type_.dialect_impl(dialect)


_NOTHING = SimpleResultMetaData([])
