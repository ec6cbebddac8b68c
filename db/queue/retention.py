"""What is kept of jobs that are over: which results are old, which gave none, and rows that are taken out."""

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from db.queue.finding import jobs_in
from db.queue.job import DELETED, FINAL, Job, State
from db.tables import jobs
from db.upsert import batches


def ended_before(connection: sa.Connection, moment: dt.datetime, *, kinds: Collection[str], limit: int) -> list[Job]:
    """Return delivered jobs of these kinds that ended before a moment and still keep an outcome, oldest first.

    Args:
        connection: the transaction.
        moment: before which they ended.
        kinds: of these kinds only.
        limit: how many at most.
    """
    query = sa.select(jobs).where(
        jobs.c.ended_at < moment,
        jobs.c.delivered_at.is_not(None),
        jobs.c.kind.in_(kinds),
        sa.cast(jobs.c.outcome, sa.Text) != "{}",
    )
    return jobs_in(connection, query.order_by(jobs.c.ended_at).limit(limit))


def without_result(connection: sa.Connection, job_ids: Collection[str]) -> list[str]:
    """Return which of these ids are of jobs that are over and gave nothing, or nothing that is wanted any more."""
    nothing = sa.or_(jobs.c.state != State.DONE.value, jobs.c.delivered_how == DELETED)
    over = sa.and_(jobs.c.ended_at.is_not(None), jobs.c.delivered_at.is_not(None), nothing)
    found: list[str] = []
    for batch in batches(job_ids):
        found += connection.scalars(sa.select(jobs.c.id).where(jobs.c.id.in_(batch), over))
    return found


def forget_speaker(connection: sa.Connection, job: Job) -> None:
    """Take the name of who is heard off a job."""
    request = job.request | {"speaker_id": None}
    connection.execute(jobs.update().where(jobs.c.id == job.id).values(request=request, speaker_id=None))


def erase_jobs(connection: sa.Connection, job_ids: Collection[str]) -> int:
    """Remove the rows of jobs that have ended; return how many there were. The ledger keeps its own."""
    ended = jobs.c.state.in_([state.value for state in FINAL])
    statements = (jobs.delete().where(jobs.c.id.in_(batch), ended) for batch in batches(job_ids))
    return sum(connection.execute(statement).rowcount for statement in statements)
