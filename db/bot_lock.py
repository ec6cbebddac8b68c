"""One bot on a PostgreSQL database: two would deliver everything twice. Dispatchers may be any number.

The lock is the server's, of a session that does nothing else: it is let go of with the connection, however that ended.
It keeps a second bot from starting; a first one whose connection the server ended goes on. With SQLite there is nothing
to do here: who may open the file is the caller's to know.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL

from db.errors import DatabaseInUse
from db.postgresql import connect_options, libpq_url

BOT = 7216094  # beside the number of migrations (`db.postgresql`), in the same database
TRIES, PAUSE_S = 20, 0.1  # a bot that is just ending is waited for

_HELD = sa.text(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = :bot AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@asynccontextmanager
async def hold_bot_lock(url: URL, lease_s: float) -> AsyncIterator[None]:
    """Keep other bots off a database while the context lasts.

    Args:
        url: the database's.
        lease_s: a connection whose other end is gone is noticed within a third of it.

    Raises:
        DatabaseInUse: another bot is there.
    """
    if url.get_backend_name() == "sqlite":
        yield
        return
    options = connect_options(lease_s, url)
    async with await psycopg.AsyncConnection.connect(libpq_url(url), autocommit=True, **options) as session:
        if not await _locked(session):
            raise DatabaseInUse
        yield


def bot_is_there(connection: sa.Connection) -> bool:
    """Tell whether a bot holds the lock of a PostgreSQL database."""
    return connection.scalar(_HELD, {"bot": BOT}) is not None


async def _locked(session: psycopg.AsyncConnection) -> bool:
    for _ in range(TRIES):
        answer = await session.execute("SELECT pg_try_advisory_lock(%s)", (BOT,))
        row = await answer.fetchone()
        if row and row[0]:
            return True
        await asyncio.sleep(PAUSE_S)
    return False
