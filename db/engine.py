"""The database: one engine, its transactions, its clock.

Two databases, one set of rules:

- **SQLite** (default; one machine): WAL, so readers never wait for the writer. Writers start with BEGIN IMMEDIATE,
  so a transaction that read a balance can still write it. `synchronous=FULL`: with NORMAL a killed process loses
  nothing either, but a power cut may undo the last seconds of *committed* work (a picture shown twice, a hold
  forgotten); an fsync costs about 3 ms a commit and buys that away. One asyncio lock queues this process's writers,
  because SQLite's own waiting polls; other processes are waited for by `busy_timeout`.
- **PostgreSQL** (a cluster): READ COMMITTED and row locks, always taken in this order, so that nobody waits in a
  circle: members' accounts (two for a gift: by id) → the lines (`db.tables.lines`, alphabetically by kind; a line's
  lock guards its flows and seats) → guild uses → job rows. A transaction that conflicts nevertheless is tried again
  from its start; so is one that waited too long (`db.timeouts`), for about as long as a lease.

Time is the database's, so several machines agree about leases. `lock` tells it with the rows that it locks, as it is
when the last of them is locked: whoever asks first and waits then writes what is in the past, where nobody who follows
changes looks any more. `now(connection)` is for what does not wait. Tests move it with `advance`.
"""

import asyncio
import datetime as dt
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from db.errors import StoreBusy
from db.timeouts import WAITED_TOO_LONG, connect_options, limit_waiting
from db.wake import Wake

BUSY_TIMEOUT_S = 30
CUT_WITHIN_MS = 2000
ATTEMPTS = 8
LEASE_S = 30.0
TIME = "database_time"  # the name of the column that tells it
T = TypeVar("T")
DATA_EXCEPTION = "22"  # the class of errors whose message itself quotes the value: PostgreSQL, appendix A
RETRIED_SQLSTATES = {"40001", "40P01"}  # serialization failure, deadlock: PostgreSQL, appendix A


class Database:
    """Own the engine and hand out transactions. An async context manager.

    Build it with `from_url`, enter it, call `migrate` once at the start of a program.
    """

    def __init__(
        self, url: URL, *, clock_offset_s: float = 0.0, hash_key: bytes | None = None, lease_s: float = LEASE_S
    ) -> None:
        self.url = url
        self.hash_key = hash_key or secrets.token_bytes(32)  # see `db.former_members`
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _engine(url, lease_s)
        # One connection apart, for what may not wait until one of the others is free: they may all wait for one lock.
        self._urgent = self.engine if self.is_sqlite else _engine(url, lease_s, pool_size=1, max_overflow=0)
        self.wake = Wake(None) if self.is_sqlite else Wake(_libpq_url(url), connect_options(lease_s, url))
        self._patience_s = lease_s
        self._clock_offset_s = clock_offset_s
        self._writing = asyncio.Lock()

    @classmethod
    def from_url(
        cls, url: str, *, clock_offset_s: float = 0.0, hash_key: bytes | None = None, lease_s: float = LEASE_S
    ) -> "Database":
        """Return a database for `sqlite:///path`, `postgresql://…` or the same with a driver named.

        Nothing is connected yet. `clock_offset_s` is added to the database's clock (tests). `hash_key`: of what is
        hashed in it, from outside; None: one that ends with this object. `lease_s`: of jobs; nobody holds others up for
        much longer.
        """
        return cls(normalised(url), clock_offset_s=clock_offset_s, hash_key=hash_key, lease_s=lease_s)

    async def __aenter__(self) -> Self:
        await self.wake.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.wake.stop()
        await self._urgent.dispose()
        await self.engine.dispose()

    async def migrate(self) -> None:
        """Bring the tables to the newest version; safe when several processes start at once."""
        from db.migrations.run import upgrade  # alembic is only needed here

        async with self.begin() as connection:
            if not self.is_sqlite:
                for timeout in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                    await connection.execute(sa.text(f"SET LOCAL {timeout} = 0"))  # however large the tables are
                await connection.execute(sa.text("SELECT pg_advisory_xact_lock(7216093)"))
            await connection.run_sync(upgrade)

    @asynccontextmanager
    async def begin(self, *, urgent: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a write transaction: committed at the end, rolled back by an error.

        urgent: on a connection that others do not use; for short transactions that wait for no lock.
        """
        if not self.is_sqlite:
            async with (self._urgent if urgent else self.engine).begin() as connection:
                yield connection
            return
        async with self._writing, self.engine.connect() as raw:
            connection = await raw.execution_options(sqlite_begin="BEGIN IMMEDIATE")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a read transaction: one consistent view, and no waiting for writers."""
        async with self.engine.connect() as connection:
            yield connection

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]], *, urgent: bool = False) -> T:
        """Run `work` in a write transaction, again from its start when the database reports a conflict.

        Raises StoreBusy when it keeps conflicting, or waits too long for somebody else. `work` must not touch anything
        but the connection. `urgent`: see `begin`.
        """
        give_up_s = time.monotonic() + self._patience_s
        for attempt in range(ATTEMPTS):
            try:
                async with self.begin(urgent=urgent) as connection:
                    return await work(connection)
            except DBAPIError as error:
                waited = getattr(error.orig, "sqlstate", None) in WAITED_TOO_LONG
                if not (waited or _is_conflict(error)):
                    raise
                if waited and time.monotonic() >= give_up_s:
                    break
                await asyncio.sleep(0.01 * 2**attempt)
        raise StoreBusy

    async def note_erasure(self, connection: AsyncConnection) -> None:
        """Note in the caller's transaction that rows were deleted of which no trace may stay; `scrub` sees to it."""
        if self.is_sqlite:
            await connection.exec_driver_sql(f"PRAGMA user_version = {await _erasures(connection) + 1}")

    async def scrub(self) -> bool:
        """Leave no trace of rows whose erasure was noted in SQLite's files; return whether there were any.

        PostgreSQL's own vacuum sees to its pages. `secure_delete` overwrites most of it already, but pages that were
        rebuilt keep old cells, and so does the log. Only VACUUM writes every page anew (auto_vacuum moves whole pages,
        with what is left in them), and it is one write transaction from begin to end: readers go on, writers wait.
        So whoever calls this does so seldom. What can be done beside writers is: copying the log to its place.
        """
        if not self.is_sqlite:
            return False
        async with self.engine.connect() as raw:
            connection = await raw.execution_options(sqlite_begin="")  # not in a transaction
            if not await _erasures(connection):
                return False
            await connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 0")
            try:
                async with self._writing:
                    noted = await _erasures(connection)
                    await connection.exec_driver_sql("VACUUM")
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
                async with self._writing:
                    await _cut_log(connection)
                    if await _erasures(connection) == noted:
                        await connection.exec_driver_sql("PRAGMA user_version = 0")
            finally:
                await connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 1000")
        return True

    async def lock(
        self, connection: AsyncConnection, query: sa.Select[Any], *, skip_locked: bool = False
    ) -> tuple[Sequence[sa.Row[Any]], dt.datetime]:
        """Lock the rows of a query for this transaction, in its order; return them, and the time after that.

        skip_locked: wait for nothing, and leave out what others have locked. (On SQLite the transaction is the lock.)
        """
        locking = query.with_for_update(
            skip_locked=skip_locked
        ).subquery()  # the time is told outside: when a row is out
        rows = (await connection.execute(sa.select(locking, self.sql_now().label(TIME)))).all()
        return rows, moment(rows[-1]) if rows else await self.now(connection)

    async def now(self, connection: AsyncConnection) -> dt.datetime:
        """Return the database's time, aware, in UTC. Before a lock that is yet to be waited for it is too early."""
        return moment((await connection.execute(sa.select(self.sql_now().label(TIME)))).one())

    def sql_now(self) -> sa.ColumnElement[float]:
        """Return the SQL expression of the time in seconds since 1970, moved by `advance`."""
        if self.is_sqlite:
            now: sa.ColumnElement[float] = sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Double)
        else:
            now = sa.literal_column("extract(epoch FROM clock_timestamp())::double precision", sa.Double)
        return now + sa.literal(self._clock_offset_s, sa.Double)

    def advance(self, seconds: float) -> None:
        """Move this database object's clock forward; tests use it instead of sleeping."""
        self._clock_offset_s += seconds


def moment(row: sa.Row[Any]) -> dt.datetime:
    """Return the time that a row tells in its column TIME, which is `sql_now`."""
    return dt.datetime.fromtimestamp(row._mapping[TIME], dt.UTC)


def normalised(url: str) -> URL:
    """Return the URL with the async driver that we use named in it.

    Raises ValueError for any other kind of database, and for SQLite in memory (it cannot be shared or
    survive).
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ValueError("The database must be a file: sqlite:///path/to/atelier.db")
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ValueError(f"The database must be SQLite or PostgreSQL, not {backend}.")


def _libpq_url(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _engine(url: URL, lease_s: float, **pool: int) -> AsyncEngine:
    # hide_parameters: values are tokens and prompts, and errors end up in logs
    if url.get_backend_name() != "sqlite":
        options = connect_options(lease_s, url)
        engine = create_async_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=options, **pool)
        limit_waiting(engine, lease_s)
        sa.event.listen(engine.sync_engine, "handle_error", _hide_quoted_values)
        return engine
    engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_timeout=60, hide_parameters=True)
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _hide_quoted_values(context: ExceptionContext) -> None:
    """Take out of PostgreSQL's own words what they quote of a row, such as 'Failing row contains (…)'."""
    original = context.original_exception
    if not isinstance(original, psycopg.Error):
        return
    said = original.diag
    quoted = [said.message_detail, said.context]
    if (original.sqlstate or "").startswith(DATA_EXCEPTION):
        quoted.append(said.message_primary)
    for error in (original, context.sqlalchemy_exception):
        for words in filter(None, quoted):
            if error is not None:
                error.args = tuple(str(one).replace(words, "[hidden]") for one in error.args)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # no implicit BEGIN: _begin_sqlite says which one
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
            time.sleep(0.02)  # in aiosqlite's greenlet this blocks for milliseconds, at the first start only
    raise StoreBusy


def _begin_sqlite(connection: sa.Connection) -> None:
    if begin := connection.get_execution_options().get("sqlite_begin", "BEGIN"):
        connection.exec_driver_sql(begin)


async def _erasures(connection: AsyncConnection) -> int:
    """Return how many erasures were noted since the last scrub: the number that SQLite keeps for its user."""
    return int((await connection.exec_driver_sql("PRAGMA user_version")).scalar_one())


async def _cut_log(connection: AsyncConnection) -> None:
    """Empty SQLite's log. Raises StoreBusy while somebody reads what is in it; writers wait for that, so not long."""
    await connection.exec_driver_sql(f"PRAGMA busy_timeout = {CUT_WITHIN_MS}")
    try:
        busy = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
    finally:
        await connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    if busy:
        raise StoreBusy


def _is_conflict(error: DBAPIError) -> bool:
    if isinstance(error, IntegrityError):
        return False
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return "locked" in str(original) or "busy" in str(original)
    return getattr(original, "sqlstate", None) in RETRIED_SQLSTATES
