"""The database: one engine, the threads that use it, its transactions.

`await database.write(f, …)` and `await database.read(f, …)` run a plain function `f(connection, …)` on a thread, in a
transaction, and are typed by its signature; nothing else here is awaited, and no transaction spans an `await`.
(SQLAlchemy's asynchronous engine costs a switch of greenlets, and with SQLite one of threads, for each statement: four
times as long for a transaction of 13.)

Two databases, one set of rules:

- **SQLite** (default; one machine; `db.sqlite`): one thread writes, which is this process's queue of writers, as
  SQLite's own waiting polls; who waits there shares the next commit (`db.together`). A few threads read. Other
  processes are waited for by `busy_timeout`.
- **PostgreSQL** (a cluster; `db.postgresql`): as many threads as connections. READ COMMITTED and row locks, always
  taken in this order, so that nobody waits in a circle: members' accounts (two for a gift: by id) → the kinds' queues
  (the table `lines`, alphabetically by kind; its lock guards the kind's flows and loads) → guild uses → job rows. A
  transaction that conflicts nevertheless is tried again from its start; so is one that waited too long, for about as
  long as a lease.

Who is cancelled while a write waits or works stops waiting at once. The write itself looks twice whether somebody still
waits for it, before it begins and before its commit, and is rolled back if not; its connection goes back either way.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from db.backend import backend_of
from db.conflicts import Conflict, is_conflict, waited_too_long
from db.connections import CANCEL_WITHIN_S, Connections
from db.database_url import normalised
from db.errors import StoreBusy
from db.postgresql import begin_migration
from db.program import Program
from db.sqlite import scrub
from db.together import SharedCommits

CLOSE_WITHIN_S = 5.0
ATTEMPTS = 8
LEASE_S = 30.0
P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Own the engine and hand out transactions. An async context manager.

    Build it with `from_url`, enter it, call `migrate` once at the start of a program.
    """

    def __init__(
        self, url: URL, *, clock_offset_s: float = 0.0, hash_key: bytes | None = None, lease_s: float = LEASE_S
    ) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._program = Program(hash_key=hash_key or secrets.token_bytes(32), clock_offset_s=clock_offset_s)
        self._patience_s = lease_s
        self._connections = Connections()
        self._backend = backend_of(url, lease_s=lease_s, execution_options=self._program.options)
        self.engine, self.wake = self._backend.reading, self._backend.wake
        self._shared = SharedCommits(self._backend.writers, self.begin)  # SQLite's

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

        Raises:
            ValueError: the URL names no database that can be used.
        """
        return cls(normalised(url), clock_offset_s=clock_offset_s, hash_key=hash_key, lease_s=lease_s)

    async def __aenter__(self) -> Self:
        try:
            await self._backend.readers.run(self._reach)  # before anything tries again and again in the background
            await self.wake.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what runs; break it off, and so roll it back, when that takes long."""
        await self.wake.stop()
        try:
            if not await self._ended(CLOSE_WITHIN_S):
                await asyncio.to_thread(self._connections.break_off)
                await self._ended(CANCEL_WITHIN_S)
                self._shared.drop()
        finally:
            for engine in self._backend.engines:
                await asyncio.to_thread(engine.dispose)

    async def migrate(self) -> None:
        """Bring the tables to the newest version; safe when several processes start at once."""
        await self._backend.writers.run(self._migrate)

    async def write(self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Return what `work(connection, *args, **named)` returns, run in a write transaction.

        It is run again from its start when the database reports a conflict, or it raises `Conflict`, so it must not
        touch anything but the connection.

        Raises:
            StoreBusy: it kept conflicting, or waited too long for somebody else.
        """
        return await self._retried(lambda connection: work(connection, *args, **named))

    async def write_urgently(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **named: P.kwargs
    ) -> T:
        """Do what `write` does on a connection that others do not use: a short transaction that waits for no lock.

        Raises:
            StoreBusy: it kept conflicting.
        """
        return await self._retried(lambda connection: work(connection, *args, **named), urgent=True)

    async def write_unsynced(
        self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **named: P.kwargs
    ) -> T:
        """Do what `write` does, but a power cut may undo it on SQLite, alone or with others like it that came last.

        Raises:
            StoreBusy: it kept conflicting, or waited too long for somebody else.
        """
        return await self._retried(lambda connection: work(connection, *args, **named), synced=False)

    async def read(self, work: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Return what `work(connection, *args, **named)` returns: in one consistent view, waiting for no writer."""
        return await self._backend.readers.run(self._read, lambda connection: work(connection, *args, **named))

    async def scrub(self) -> bool:
        """Leave no trace of rows whose erasure was noted in SQLite's files; return whether there were any.

        PostgreSQL's own vacuum sees to its pages. For SQLite see `db.sqlite.scrub`; writers wait, so this is done
        seldom, and not at each deletion.

        Raises:
            StoreBusy: somebody reads what is to go; it stays noted, and can be tried again.
        """
        return self.is_sqlite and await self._backend.readers.run(scrub, self.engine, self._alone)

    @contextmanager
    def begin(self, *, urgent: bool = False, synced: bool = True) -> Iterator[sa.Connection]:
        """Open a write transaction in this thread: committed at the end, rolled back by an error.

        Args:
            urgent: on a connection that others do not use.
            synced: SQLite's disk has it then.
        """
        engine = self._backend.urgent if urgent else self._backend.writing
        with self._backend.turn or nullcontext(), self._connections.open(engine, synced=synced) as connection:
            yield connection
            connection.commit()

    def advance(self, seconds: float) -> None:
        """Move this database object's clock forward; tests use it instead of sleeping."""
        self._program.clock_offset_s += seconds

    # -- on the event loop --------------------------------------------------------------------------------------------

    async def _retried(self, work: Callable[[sa.Connection], T], *, urgent: bool = False, synced: bool = True) -> T:
        give_up_s = time.monotonic() + self._patience_s
        for attempt in range(ATTEMPTS):
            try:
                return await self._try(work, urgent, synced)
            except Conflict:
                pass
            except DBAPIError as error:
                waited = waited_too_long(error)
                if not (waited or is_conflict(error)):
                    raise
                if waited and time.monotonic() >= give_up_s:
                    break
            await asyncio.sleep(0.01 * 2**attempt)  # with neither a thread nor a connection
        raise StoreBusy

    async def _try(self, work: Callable[[sa.Connection], T], urgent: bool, synced: bool) -> T:
        left = threading.Event()
        try:
            if self.is_sqlite:
                return await self._shared.run(partial(_unless_left, left, work), synced=synced)
            threads = self._backend.urgent_writers if urgent else self._backend.writers
            return await threads.run(self._write, urgent, partial(_unless_left, left, work))
        except asyncio.CancelledError:
            left.set()
            raise

    async def _ended(self, within_s: float) -> bool:
        return all(await asyncio.gather(*(threads.close(within_s) for threads in self._backend.threads)))

    # -- in a thread --------------------------------------------------------------------------------------------------

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        with self._connections.open(self.engine) as connection:
            return work(connection)

    def _reach(self) -> None:
        if not self.is_sqlite:
            self.engine.connect().close()

    def _write(self, urgent: bool, work: Callable[[sa.Connection], T]) -> T:
        with self.begin(urgent=urgent) as connection:
            return work(connection)

    def _migrate(self) -> None:
        from db.migrations.run import upgrade  # alembic is only needed here

        with self.begin() as connection:
            if not self.is_sqlite:
                begin_migration(connection)
            upgrade(connection)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let SQLite's writers wait, as soon as it is this thread's turn among them."""
        turn = self._backend.turn
        assert turn is not None
        self._backend.writers.submit(turn.acquire).result()  # by the writers' thread, in its order; any may release
        try:
            yield
        finally:
            turn.release()


def _unless_left(left: threading.Event, work: Callable[[sa.Connection], T], connection: sa.Connection) -> T:
    if not left.is_set():  # it may have waited for its turn
        done = work(connection)
        if not left.is_set():
            return done
    raise _Left


class _Left(Exception):
    """Nobody waits for this transaction any more."""
