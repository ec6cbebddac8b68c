"""One job, locked, and the three ways in which it can be moved on."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from db import clock
from db.budgets import give_back
from db.errors import UnknownJob
from db.ids import NO_GUILD
from db.job import End, Job, Pace, State
from db.ledger import Ledger
from db.schedule import FlowKey, Line, Move, apply, lock
from db.submit import job_from
from db.tables import jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedJob:
    """A job that is locked, with its member's account and its line, so that only this transaction can move it."""

    connection: sa.Connection
    ledger: Ledger
    job: Job
    line: Line
    now: dt.datetime

    def change(self, **values: Any) -> "LockedJob":
        """Write columns of the job, and count the revision."""
        update = (
            jobs.update()
            .where(jobs.c.id == self.job.id)
            .values(revision=jobs.c.revision + 1, changed_at=self.now, **values)
            .returning(jobs)
        )
        return replace(self, job=job_from(self.connection.execute(update).one()))

    def finish(self, end: End, **values: Any) -> "LockedJob":
        """End the job, charge for it, release the rest and let its member's next one come."""
        job = self.job
        self.ledger.settle(self.connection, job.user_id, job.id, held=job.price, charge=end.charge, now=self.now)
        self._move(Move.LEFT if job.state is State.QUEUED else Move.ENDED)
        now = self.now
        if job.budget_day is not None and end.charge < job.price:
            give_back(self.connection, job.guild_id or NO_GUILD, job.budget_day, job.price - end.charge)
            now = clock.now(self.connection)  # it may have waited for the guild's row
        return replace(self, now=now).change(
            state=State(end.state).value,
            charged=end.charge,
            outcome={} if job.deleted else end.outcome,
            error_code=end.error_code,
            error_text=end.error_text,
            ended_at=now,
            **values,
        )

    def put_back(self, **values: Any) -> "LockedJob":
        """Return the running job to where it stood in line."""
        self._move(Move.CAME_BACK)
        return self.change(state=State.QUEUED.value, started_at=None, **values)

    def _move(self, move: Move) -> None:
        job = self.job
        key = FlowKey(kind=job.kind, pace=Pace(job.pace), guild_id=job.guild_id or NO_GUILD, user_id=job.user_id)
        apply(self.connection, self.line, key, move, work=job.work)


def locked(connection: sa.Connection, ledger: Ledger, job_id: str) -> LockedJob:
    """Lock a job: its member's account, then its line, then its row. Raises UnknownJob."""
    whose = sa.select(jobs.c.user_id, jobs.c.kind).where(jobs.c.id == job_id)
    row = connection.execute(whose).one_or_none()  # these two never change
    if row is None:
        raise UnknownJob(job_id)
    ledger.lock(connection, row.user_id)
    (line,), _ = lock(connection, [row.kind])
    rows, now = clock.lock(connection, sa.select(jobs).where(jobs.c.id == job_id))
    if not rows:
        raise UnknownJob(job_id)
    return LockedJob(connection=connection, ledger=ledger, job=job_from(rows[0]), line=line, now=now)
