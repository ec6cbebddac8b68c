"""SQLite's side of the engine: WAL, transactions that begin as they mean to go on, and no trace of what was deleted.

WAL, so readers never wait for the writer. `synchronous=FULL`: with NORMAL a killed process loses nothing either, but a
power cut may undo the last seconds of *committed* work (a picture shown twice, a hold forgotten); an fsync costs about
3 ms a commit and buys that away. What may be undone without harm says so (`unsynced`).
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from db.errors import StoreBusy

BUSY_TIMEOUT_S = 30  # for writers of other processes
CUT_WITHIN_MS = 2000
WRITING = {"sqlite_begin": "BEGIN IMMEDIATE"}  # so that a transaction that read a balance can still write it


def sqlite_engine(url: URL, *, connections: int, **options: Any) -> sa.Engine:
    """Return an engine for a file, whose connections may pass from thread to thread (each serves one at a time)."""
    # the one that was used last knows the most statements
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=connections, pool_use_lifo=True, **options
    )
    sa.event.listen(engine, "connect", _prepare)
    return engine


def for_writing(engine: sa.Engine) -> sa.Engine:
    """Return the engine with transactions that write, and so wait for each other at their begin."""
    return engine.execution_options(**WRITING)


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # no implicit BEGIN: `begin` says which one
    cursor = connection.cursor()
    _enter_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what a member deletes must not stay behind in free pages
    cursor.close()


def _enter_wal(cursor: Any) -> None:
    """Switch to WAL; two processes that do it at the same moment get 'locked' at once, so try again."""
    for _ in range(100):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            time.sleep(0.02)
    raise StoreBusy


def begin(connection: sa.Connection) -> None:
    """Begin the transaction that SQLAlchemy takes for begun; on another database nothing has to be said.

    Not by an event: an engine with one for its transactions looks for them at each statement, a quarter of its cost.
    """
    if connection.dialect.name == "sqlite":
        how = connection.get_execution_options().get("sqlite_begin", "BEGIN")
        connection.connection.dbapi_connection.execute(how)  # type: ignore[union-attr]


@contextmanager
def savepoint(connection: sa.Connection) -> Iterator[None]:
    """Take back what is done inside, and nothing else of the transaction, if it fails."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("SAVEPOINT one")
    try:
        yield
    except BaseException:
        if driver.in_transaction:  # some errors take the whole transaction back
            driver.execute("ROLLBACK TO one")
            driver.execute("RELEASE one")
        raise
    driver.execute("RELEASE one")


@contextmanager
def unsynced(connection: sa.Connection) -> Iterator[None]:
    """Let a transaction that begins inside end before the disk has it; the next one that does not waits for both."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        if driver.in_transaction:  # it cannot be set inside of one
            driver.rollback()
        driver.execute("PRAGMA synchronous=FULL")


def note_erasure(connection: sa.Connection) -> None:
    """Note in the caller's transaction that rows were deleted of which no trace may stay; `scrub` sees to it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {_erasures(connection) + 1}")


def scrub(engine: sa.Engine, alone: Callable[[], AbstractContextManager[None]]) -> bool:
    """Leave no trace of rows whose erasure was noted in the files; return whether there were any.

    `secure_delete` overwrites most of it already, but pages that were rebuilt keep old cells, and so does the log. Only
    VACUUM writes every page anew (auto_vacuum moves whole pages, with what is left in them), and it is one write
    transaction from begin to end: readers go on, writers wait. So whoever calls this does so seldom. What can be done
    beside writers is: copying the log to its place.

    alone: a context in which this process's writers wait.

    Raises:
        StoreBusy: somebody reads what is in the log; what was noted stays noted.
    """
    with engine.connect() as connection:  # each statement by itself, for nothing is begun
        if not _erasures(connection):
            return False
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 0")
        try:
            with alone():
                noted = _erasures(connection)
                connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
            with alone():
                _cut_log(connection)
                if _erasures(connection) == noted:
                    connection.exec_driver_sql("PRAGMA user_version = 0")
        finally:
            connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 1000")
    return True


def _erasures(connection: sa.Connection) -> int:
    """Return how many erasures were noted since the last scrub: the number that SQLite keeps for its user."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def _cut_log(connection: sa.Connection) -> None:
    """Empty SQLite's log, for which writers wait.

    Raises:
        StoreBusy: somebody reads what is in it, and has not ended soon.
    """
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {CUT_WITHIN_MS}")
    try:
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    if busy:
        raise StoreBusy
