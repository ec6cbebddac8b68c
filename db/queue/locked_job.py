"""One job, locked, and the three ways in which it can be moved on."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from db import clock
from db.credits.budgets import give_back
from db.credits.holds import settle_hold
from db.direct import made_once
from db.errors import UnknownJob
from db.ids import NO_GUILD
from db.queue.fair_order.flows import FlowKey, Move, apply
from db.queue.fair_order.kind_queue import QUEUE_COLUMNS, KindQueue, queue_from
from db.queue.job import End, Job, Pace, State, job_from
from db.tables import accounts, jobs, lines


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedJob:
    """A job, locked with its member's account and its kind's queue, so that only this transaction can move it."""

    connection: sa.Connection
    job: Job
    queue: KindQueue
    now: dt.datetime
    frees: bool = False  # by its end, its member's next job may come

    def change(self, **values: Any) -> "LockedJob":
        """Write columns of the job, and count the revision."""
        row = self.connection.execute(_CHANGE, {"of": self.job.id, "changed_at": self.now, **values}).one()
        return replace(self, job=job_from(row))

    def finish(self, end: End, **values: Any) -> "LockedJob":
        """End the job, charge for it, release the rest and let its member's next one come."""
        job = self.job
        settle_hold(self.connection, job.user_id, job.id, held=job.price, charge=end.charge, now=self.now)
        frees = self._move(Move.LEFT if job.state is State.QUEUED else Move.ENDED)
        now = self.now
        if job.budget_day is not None and end.charge < job.price:
            give_back(self.connection, job.guild_id or NO_GUILD, job.budget_day, job.price - end.charge)
            now = clock.now(self.connection)  # it may have waited for the guild's row
        return replace(self, now=now, frees=frees).change(
            state=State(end.state).value,
            charged=end.charge,
            outcome={} if job.deleted else end.outcome,
            withheld=0 if job.deleted else end.withheld,
            error_code=end.error_code,
            error_text=end.error_text,
            ended_at=now,
            **values,
        )

    def put_back(self, **values: Any) -> "LockedJob":
        """Return the running job to where it stood in the queue."""
        self._move(Move.CAME_BACK)
        return self.change(state=State.QUEUED.value, started_at=None, **values)

    def _move(self, move: Move) -> bool:
        job = self.job
        key = FlowKey(kind=job.kind, pace=Pace(job.pace), guild_id=job.guild_id or NO_GUILD, user_id=job.user_id)
        return apply(self.connection, self.queue, key, move, work=job.work)


def lock_job(connection: sa.Connection, job_id: str) -> LockedJob:
    """Lock a job: its member's account, then its kind's queue, then its row.

    Raises:
        UnknownJob: there is none.
    """
    if clock.locks_rows(connection):
        for statement in (_LOCK_ACCOUNT, _LOCK_QUEUE):
            connection.execute(statement, {"of": job_id})
    rows, now = clock.lock(connection, _LOCK_JOB, {"of": job_id})
    if not rows:
        raise UnknownJob(job_id)
    queue = queue_from(rows[0][len(jobs.c) :])
    return LockedJob(connection=connection, job=job_from(rows[0]), queue=queue, now=now)


_HERE = jobs.c.id == sa.bindparam("of")
_WHOSE, _KIND = (sa.select(jobs.c[name]).where(_HERE).scalar_subquery() for name in ("user_id", "kind"))  # both stay
_LOCK_ACCOUNT = sa.select(accounts.c.user_id).where(accounts.c.user_id == _WHOSE).with_for_update()
_LOCK_QUEUE = sa.select(lines.c.kind).where(lines.c.kind == _KIND).with_for_update()
_QUEUE = [column.label(f"queue_{column.name}") for column in QUEUE_COLUMNS]
_LOCK_JOB = clock.locking(sa.select(jobs, *_QUEUE).join(lines, lines.c.kind == jobs.c.kind).where(_HERE))
_CHANGE = made_once(jobs.update().where(_HERE).values(revision=jobs.c.revision + 1).returning(jobs))
