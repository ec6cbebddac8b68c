"""The connections that are in use, so that what runs on them can be broken off."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

import sqlalchemy as sa

from db.direct import DirectConnection
from db.sqlite import begin, unsynced

CANCEL_WITHIN_S = 2.0


class Connections:
    """Hand out connections, and remember which are in use. Its methods may be called in any thread."""

    def __init__(self) -> None:
        self._in_use: set[sa.Connection] = set()

    @contextmanager
    def open(self, engine: sa.Engine, *, synced: bool = True) -> Iterator[sa.Connection]:
        """Take a connection of an engine in a transaction, and give it back in the end, rolled back if need be.

        Args:
            engine: whose connection.
            synced: SQLite's disk has the transaction when it is committed.
        """
        with DirectConnection(engine) as connection, nullcontext() if synced else unsynced(connection):
            self._in_use.add(connection)
            try:
                connection.begin()
                begin(connection)
                yield connection
            finally:
                self._in_use.discard(connection)

    def break_off(self) -> None:
        """Make the statements that run fail; what they belong to is rolled back."""
        for connection in list(self._in_use):
            with suppress(Exception):  # it may have ended meanwhile
                driver = connection.connection.driver_connection
                if connection.dialect.name == "sqlite":
                    driver.interrupt()  # type: ignore[union-attr]
                else:
                    driver.cancel_safe(timeout=CANCEL_WITHIN_S)  # type: ignore[union-attr]
