"""The queue of one kind of job: the lock that guards its flows and loads, and where its virtual time stands.

One row a kind, in the table that is called `lines`.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from db import clock
from db.direct import made_once
from db.queue.job import Pace
from db.tables import lines
from db.upsert import insert_or_ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class KindQueue:
    """One kind's queue, locked."""

    kind: str
    seq: int
    clock_fast: float
    clock_relaxed: float
    fast_run: int
    claims: int

    def clock(self, pace: Pace) -> float:
        """Return the virtual time at which jobs of this pace are served."""
        return self.clock_fast if pace is Pace.FAST else self.clock_relaxed


_FIELDS = tuple(field.name for field in fields(KindQueue))
QUEUE_COLUMNS = [lines.c[name] for name in _FIELDS]

# Statements are made once: building one costs as much as running it.
_LOCK = clock.locking(
    sa.select(lines).where(lines.c.kind.in_(sa.bindparam("kinds", expanding=True))).order_by(lines.c.kind)
)
_NEXT = lines.update().where(lines.c.kind == sa.bindparam("of")).values(seq=lines.c.seq + 1)
_NEXT = made_once(_NEXT.returning(*QUEUE_COLUMNS, clock.NOW))


def lock_queues(connection: sa.Connection, kinds: Iterable[str]) -> None:
    """Lock these kinds' queues, in one order for all."""
    if clock.locks_rows(connection):
        clock.lock(connection, _LOCK, {"kinds": sorted(set(kinds))})


def next_number(connection: sa.Connection, kind: str) -> tuple[KindQueue, dt.datetime]:
    """Lock the kind's queue, making it if it is the first; return it with its next number, and the time after that."""
    row = connection.execute(_NEXT, {"of": kind}).one_or_none()
    if row is None:
        connection.execute(insert_or_ignore(connection, lines).values(kind=kind))
        row = connection.execute(_NEXT, {"of": kind}).one()
    return queue_from(row), clock.moment(connection, row)


def queue_from(row: Sequence[Any]) -> KindQueue:
    """Return the record of values that begin with those of QUEUE_COLUMNS."""
    return KindQueue(**dict(zip(_FIELDS, row, strict=False)))
