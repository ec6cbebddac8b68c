"""Which of the two databases, and what it consists of: engines, the threads that use them, the way to wake others."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from db.postgresql import connect_options, libpq_url, postgresql_engine
from db.sqlite import for_writing, sqlite_engine
from db.threads import Threads
from db.wake import Wake

READERS = 2  # SQLite's; they share one interpreter with the event loop, which would wait for each of them
POOLED, AT_MOST = 5, 15  # connections to PostgreSQL: kept open, and for a crowd


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What one program has of a database; some of it twice, where the same serves for several things."""

    reading: sa.Engine
    writing: sa.Engine
    urgent: sa.Engine  # writes, on a connection that others do not use
    readers: Threads
    writers: Threads
    urgent_writers: Threads
    wake: Wake
    turn: "threading.Lock | None"  # of SQLite's writers: held in a transaction, and by a scrub

    @property
    def engines(self) -> set[sa.Engine]:
        """All engines, by which connections are held."""
        return {self.reading, self.urgent}

    @property
    def threads(self) -> set[Threads]:
        """All threads."""
        return {self.readers, self.writers, self.urgent_writers}


def backend_of(url: URL, *, lease_s: float, execution_options: Mapping[str, Any]) -> Backend:
    """Return what a database consists of; nothing is connected yet.

    Args:
        url: with its driver named (`db.database_url`).
        lease_s: of jobs; nobody holds others up for much longer.
        execution_options: of all engines.
    """
    # hide_parameters: values are tokens and prompts, and errors end up in logs
    options = {"hide_parameters": True, "execution_options": execution_options}
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, options)
    return _postgresql(url, lease_s, options)


def _sqlite(url: URL, options: Mapping[str, Any]) -> Backend:
    engine = sqlite_engine(url, connections=READERS + 1, **options)
    writing, writers = for_writing(engine), Threads("database-write", 1)
    return Backend(
        reading=engine,
        writing=writing,
        urgent=writing,
        readers=Threads("database-read", READERS),
        writers=writers,
        urgent_writers=writers,
        wake=Wake(None),
        turn=threading.Lock(),
    )


def _postgresql(url: URL, lease_s: float, options: Mapping[str, Any]) -> Backend:
    engine = postgresql_engine(url, lease_s=lease_s, pool_size=POOLED, max_overflow=AT_MOST - POOLED, **options)
    threads = Threads("database", AT_MOST)
    return Backend(
        reading=engine,
        writing=engine,
        # One connection apart, for what may not wait until another is free: they may all wait for one lock.
        urgent=postgresql_engine(url, lease_s=lease_s, pool_size=1, max_overflow=0, **options),
        readers=threads,
        writers=threads,
        urgent_writers=Threads("database-urgent", 1),
        wake=Wake(libpq_url(url), connect_options(lease_s, url)),
        turn=None,
    )
