"""The database: one engine, the threads that use it, its transactions.

`await database.write(f, …)` and `await database.read(f, …)` run a plain function `f(connection, …)` on a thread, in a
transaction; nothing else here is awaited, and no transaction spans an `await`. (SQLAlchemy's asynchronous engine costs
a switch of greenlets, and with SQLite one of threads, for each statement: four times as long for a transaction of 13.)

Two databases, one set of rules:

- **SQLite** (default; one machine; `db.sqlite`): one thread writes, which is this process's queue of writers, as
  SQLite's own waiting polls; a few threads read. Other processes are waited for by `busy_timeout`.
- **PostgreSQL** (a cluster; `db.postgresql`): as many threads as connections. READ COMMITTED and row locks, always
  taken in this order, so that nobody waits in a circle: members' accounts (two for a gift: by id) → the lines
  (`db.tables.lines`, alphabetically by kind; a line's lock guards its flows and seats) → guild uses → job rows. A
  transaction that conflicts nevertheless is tried again from its start; so is one that waited too long (`db.timeouts`),
  for about as long as a lease.

Who is cancelled while a write waits or works stops waiting at once. The write itself looks twice whether somebody still
waits for it, before it begins and before its commit, and is rolled back if not; its connection goes back either way.
"""

import asyncio
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from types import TracebackType
from typing import Any, Self, TypeVar, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from db.clock import OPTION, Clock
from db.errors import StoreBusy
from db.postgresql import libpq_url, postgresql_engine
from db.sqlite import WRITING, scrub, sqlite_engine
from db.threads import Threads
from db.timeouts import WAITED_TOO_LONG, connect_options
from db.wake import Wake

READERS = 4  # SQLite's; they share one interpreter with the event loop, so more would not read more
POOLED, AT_MOST = 5, 15  # connections to PostgreSQL: kept open, and for a crowd
CLOSE_WITHIN_S = 5.0
BREAK_OFF_WITHIN_S = 2.0
ATTEMPTS = 8
LEASE_S = 30.0
T = TypeVar("T")
Ts = TypeVarTuple("Ts")
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
        self._clock = Clock(clock_offset_s)
        self._patience_s = lease_s
        self._in_use: set[sa.Connection] = set()
        self._writing: sa.Engine
        self._urgent: sa.Engine
        self._turn: threading.Lock | None = None  # of SQLite's writers: held in a transaction, and by a scrub
        # hide_parameters: values are tokens and prompts, and errors end up in logs
        options: dict[str, Any] = {"hide_parameters": True, "execution_options": {OPTION: self._clock}}
        if self.is_sqlite:
            self._turn = threading.Lock()
            self.engine = sqlite_engine(url, connections=READERS + 1, **options)
            self._writing = self._urgent = self.engine.execution_options(**WRITING)
            self._readers = Threads("database-read", READERS)
            self._writers = self._urgent_writers = Threads("database-write", 1)
            self.wake = Wake(None)
        else:
            pool = {"pool_size": POOLED, "max_overflow": AT_MOST - POOLED}
            self.engine = self._writing = postgresql_engine(url, lease_s=lease_s, **pool, **options)
            # One connection apart, for what may not wait until another is free: they may all wait for one lock.
            self._urgent = postgresql_engine(url, lease_s=lease_s, pool_size=1, max_overflow=0, **options)
            self._readers = self._writers = Threads("database", AT_MOST)
            self._urgent_writers = Threads("database-urgent", 1)
            self.wake = Wake(libpq_url(url), connect_options(lease_s, url))

    @classmethod
    def from_url(
        cls, url: str, *, clock_offset_s: float = 0.0, hash_key: bytes | None = None, lease_s: float = LEASE_S
    ) -> "Database":
        """Return a database that nothing is connected to yet.

        Args:
            url: `sqlite:///path`, `postgresql://…`, or the same with a driver named.
            clock_offset_s: added to the database's clock (tests).
            hash_key: of what is hashed in it, from outside; None: one that ends with this object.
            lease_s: of jobs; nobody holds others up for much longer.
        """
        return cls(normalised(url), clock_offset_s=clock_offset_s, hash_key=hash_key, lease_s=lease_s)

    async def __aenter__(self) -> Self:
        await self.wake.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what runs; break it off, and so roll it back, when that takes long."""
        await self.wake.stop()
        try:
            if not await self._ended(CLOSE_WITHIN_S):
                await asyncio.to_thread(self._break_off)
                await self._ended(BREAK_OFF_WITHIN_S)
        finally:
            for engine in {self.engine, self._urgent}:
                await asyncio.to_thread(engine.dispose)

    async def migrate(self) -> None:
        """Bring the tables to the newest version; safe when several processes start at once."""
        await self._writers.run(self._migrate)

    async def write(self, work: Callable[[sa.Connection, *Ts], T], *args: *Ts, urgent: bool = False) -> T:
        """Return what `work(connection, *args)` returns, run in a write transaction.

        It is run again from its start when the database reports a conflict, or it raises `Conflict`, so it must not
        touch anything but the connection.

        urgent: on a connection that others do not use; for short transactions that wait for no lock.

        Raises:
            StoreBusy: it kept conflicting, or waited too long for somebody else.
        """
        give_up_s = time.monotonic() + self._patience_s
        for attempt in range(ATTEMPTS):
            try:
                return await self._try(urgent, work, args)
            except Conflict:
                pass
            except DBAPIError as error:
                waited = getattr(error.orig, "sqlstate", None) in WAITED_TOO_LONG
                if not (waited or _is_conflict(error)):
                    raise
                if waited and time.monotonic() >= give_up_s:
                    break
            await asyncio.sleep(0.01 * 2**attempt)  # with neither a thread nor a connection
        raise StoreBusy

    async def read(self, work: Callable[[sa.Connection, *Ts], T], *args: *Ts) -> T:
        """Return what `work(connection, *args)` returns: in one consistent view, and without waiting for writers."""
        return await self._readers.run(self._read, work, args)

    async def scrub(self) -> bool:
        """Leave no trace of rows whose erasure was noted in SQLite's files; return whether there were any.

        PostgreSQL's own vacuum sees to its pages. For SQLite see `db.sqlite.scrub`; writers wait, so this is done
        seldom.
        """
        return self.is_sqlite and await self._readers.run(scrub, self.engine, self._alone)

    @contextmanager
    def begin(self, *, urgent: bool = False) -> Iterator[sa.Connection]:
        """Open a write transaction in this thread: committed at the end, rolled back by an error."""
        engine = self._urgent if urgent else self._writing
        with self._turn or nullcontext(), self._connected(engine) as connection, connection.begin():
            yield connection

    def advance(self, seconds: float) -> None:
        """Move this database object's clock forward; tests use it instead of sleeping."""
        self._clock.offset_s += seconds

    # -- in a thread --------------------------------------------------------------------------------------------------

    @contextmanager
    def _connected(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        with engine.connect() as connection:
            self._in_use.add(connection)
            try:
                yield connection
            finally:
                self._in_use.discard(connection)

    def _read(self, work: Callable[[sa.Connection, *Ts], T], args: tuple[*Ts]) -> T:
        with self._connected(self.engine) as connection:
            return work(connection, *args)

    def _write(
        self, left: threading.Event, urgent: bool, work: Callable[[sa.Connection, *Ts], T], args: tuple[*Ts]
    ) -> T:
        with self.begin(urgent=urgent) as connection:
            if not left.is_set():  # it may have waited for its turn
                done = work(connection, *args)
                if not left.is_set():
                    return done
            raise _Left

    def _migrate(self) -> None:
        from db.migrations.run import upgrade  # alembic is only needed here

        with self.begin() as connection:
            if not self.is_sqlite:
                for timeout in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                    connection.execute(sa.text(f"SET LOCAL {timeout} = 0"))  # however large the tables are
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7216093)"))
            upgrade(connection)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let SQLite's writers wait, as soon as it is this thread's turn among them."""
        assert self._turn is not None
        self._writers.submit(self._turn.acquire).result()  # by the writers' thread, in its order; any may release
        try:
            yield
        finally:
            self._turn.release()

    # -- on the event loop --------------------------------------------------------------------------------------------

    async def _try(self, urgent: bool, work: Callable[[sa.Connection, *Ts], T], args: tuple[*Ts]) -> T:
        left = threading.Event()
        threads = self._urgent_writers if urgent else self._writers
        try:
            return await threads.run(self._write, left, urgent, work, args)
        except asyncio.CancelledError:
            left.set()
            raise

    async def _ended(self, within_s: float) -> bool:
        threads = {self._readers, self._writers, self._urgent_writers}
        return all(await asyncio.gather(*(some.close(within_s) for some in threads)))

    def _break_off(self) -> None:
        """Make the statements that run fail; what they belong to is rolled back."""
        for connection in list(self._in_use):
            with suppress(Exception):  # it may have ended meanwhile
                driver = connection.connection.driver_connection
                if self.is_sqlite:
                    driver.interrupt()  # type: ignore[union-attr]
                else:
                    driver.cancel_safe(timeout=BREAK_OFF_WITHIN_S)  # type: ignore[union-attr]


class Conflict(Exception):
    """Raised in a transaction when somebody else wrote the same at the same time; it is tried again from its start."""


class _Left(Exception):
    """Nobody waits for this transaction any more."""


def rows(connection: sa.Connection, query: sa.Select[*Ts]) -> Sequence[sa.Row[*Ts]]:
    """Return a query's rows, for a read that is nothing else."""
    return connection.execute(query).all()


def normalised(url: str) -> URL:
    """Return the URL with the driver that we use named in it.

    Raises:
        ValueError: any other kind of database, or SQLite in memory (it cannot be shared or survive).
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ValueError("The database must be a file: sqlite:///path/to/atelier.db")
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ValueError(f"The database must be SQLite or PostgreSQL, not {backend}.")


def _is_conflict(error: DBAPIError) -> bool:
    if isinstance(error, IntegrityError):
        return False
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return "locked" in str(original) or "busy" in str(original)
    return getattr(original, "sqlstate", None) in RETRIED_SQLSTATES
