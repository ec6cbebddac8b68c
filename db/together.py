"""SQLite's writes that wait for their turn, committed together.

One thread writes, and each commit waits for the disk for about as long as all its statements take. So who waited while
another wrote is taken along: each write behind a savepoint, all with one commit, and nobody is told before that. A
write that fails takes nothing back but its own; where the whole transaction fails, each is done again by itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from db.sqlite import savepoint
from db.threads import Threads

TOGETHER_MAX = 16  # writes in one transaction; the first of them waits for the last
T = TypeVar("T")


class BeginTransaction(Protocol):
    """Opens a transaction, and commits it in the end."""

    def __call__(self, *, synced: bool) -> AbstractContextManager[sa.Connection]:
        """Return it; `synced`: the disk has it then."""


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A write that waits for its turn."""

    work: Callable[[sa.Connection], Any]
    synced: bool  # the disk is to have it before anybody is told
    done: "Future[Any]" = field(default_factory=Future)


class SharedCommits:
    """Run writes on a thread, in order, with as few commits as there are."""

    def __init__(self, thread: Threads, begin: BeginTransaction) -> None:
        """Take the one thread that writes, and what opens a transaction in it and commits that in the end."""
        self._thread = thread
        self._begin = begin
        self._waiting: deque[Waiting] = deque()

    async def run(self, work: Callable[[sa.Connection], T], *, synced: bool = True) -> T:
        """Return what `work` returns, when that is committed.

        Who is cancelled stops waiting at once: what has not begun then never begins, what has goes on to its end.

        Args:
            work: the write.
            synced: the disk is to have it by then.

        Raises:
            RuntimeError: the thread was closed.
        """
        one = Waiting(work, synced)
        self._waiting.append(one)
        try:
            self._thread.submit(self._turn)
        except RuntimeError:
            one.done.cancel()
            raise
        done: T = await asyncio.wrap_future(one.done)
        return done

    def drop(self) -> None:
        """Drop what has not begun; the thread is closed."""
        for one in list(self._waiting):
            one.done.cancel()

    def _turn(self) -> None:
        """Do what waits; whoever was taken along by an earlier turn leaves nothing to this one."""
        batch: list[Waiting] = []
        while self._waiting and len(batch) < TOGETHER_MAX:
            one = self._waiting.popleft()
            if one.done.set_running_or_notify_cancel():
                batch.append(one)
        if batch:
            self._commit(batch)

    def _commit(self, batch: Sequence[Waiting]) -> None:
        alone, begun = len(batch) == 1, False
        results: list[tuple[Any, BaseException | None]] = []
        try:
            with self._begin(synced=any(one.synced for one in batch)) as connection:
                begun = True
                for one in batch:
                    results.append((one.work(connection), None) if alone else _try(one, connection))
        except BaseException as error:  # whoever waits for it is told
            if begun and not alone:
                for one in batch:
                    self._commit([one])
                return
            results = [(None, error)] * len(batch)
        for one, (result, failed) in zip(batch, results, strict=True):
            if failed is None:
                one.done.set_result(result)
            else:
                one.done.set_exception(failed)


def _try(one: Waiting, connection: sa.Connection) -> tuple[Any, BaseException | None]:
    """Return what a write returns, or its error, for which it is taken back.

    Raises:
        sqlite3.Error: SQLite has taken everything back.
    """
    try:
        with savepoint(connection):
            return one.work(connection), None
    except Exception as error:
        if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            raise
        return None, error
