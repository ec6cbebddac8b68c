"""What of jobs was shown to their members, and what is yet to be."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from db import clock
from db.direct import made_once
from db.errors import UnknownJob
from db.queue.finding import jobs_in
from db.queue.job import DELETED, Job, job_from
from db.tables import jobs
from db.upsert import batches

BEGINNING = dt.datetime.fromtimestamp(0, dt.UTC)
CHANGES_OVERLAP_S = 5.0  # a transaction that began earlier may commit later: look this far back again

_OPEN_ONES = sa.select(jobs).where(jobs.c.id.in_(sa.bindparam("ids", expanding=True)), jobs.c.delivered_at.is_(None))
_CHANGED = made_once(
    sa.select(jobs.c.id, jobs.c.revision, clock.NOW)
    .where(jobs.c.delivered_at.is_(None), jobs.c.changed_at >= sa.bindparam("since"))
    .order_by(jobs.c.changed_at)
)
_SET = made_once(jobs.update().where(jobs.c.id == sa.bindparam("of")))
_DELIVER = made_once(
    _SET.where(jobs.c.delivered_at.is_(None)).values(
        delivered_at=clock.DatabaseTime() + sa.bindparam("moved_s", type_=sa.Double)
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Jobs whose card may need an edit, and where to look on from."""

    jobs: list[Job]
    cursor: dt.datetime


def changed_since(
    connection: sa.Connection, cursor: dt.datetime | None, seen: Mapping[str, int] | None = None
) -> Changes:
    """Return undelivered jobs that changed since the cursor (None: all of them), and the next cursor.

    Nothing is missed, but some come twice, unless they are in `seen` with their revision.
    """
    since = cursor - dt.timedelta(seconds=CHANGES_OVERLAP_S) if cursor else BEGINNING
    rows = connection.execute(_CHANGED, {"since": since}).all()
    news = [row.id for row in rows if (seen or {}).get(row.id) != row.revision]
    found = [job_from(row) for ids in batches(news) for row in connection.execute(_OPEN_ONES, {"ids": ids})]
    now = clock.moment(connection, rows[0]) if rows else clock.now(connection)
    return Changes(jobs=sorted(found, key=lambda job: job.changed_at), cursor=now)


def undelivered_jobs(connection: sa.Connection, limit: int = 100, *, after: Job | None = None) -> list[Job]:
    """Return ended jobs that were not delivered yet, oldest first; after: those that follow this one."""
    order = sa.tuple_(jobs.c.ended_at, jobs.c.id)
    query = sa.select(jobs).where(jobs.c.ended_at.is_not(None), jobs.c.delivered_at.is_(None))
    if after is not None and after.ended_at is not None:
        query = query.where(order > sa.tuple_(after.ended_at, after.id))
    return jobs_in(connection, query.order_by(jobs.c.ended_at, jobs.c.id).limit(limit))


def set_message(connection: sa.Connection, job_id: str, message_id: int) -> None:
    """Remember which message is the job's card.

    Raises:
        UnknownJob: there is no such job.
    """
    _change(connection, job_id, message_id=message_id)


def mark_delivered(connection: sa.Connection, job_id: str, *, message_id: int | None, how: str) -> None:
    """Mark a job as delivered. The first time counts.

    Args:
        connection: the transaction.
        job_id: the job.
        message_id: the message that shows it; None: as it was.
        how: the method of delivery.
    """
    values = {"of": job_id, "moved_s": clock.offset_s(connection), "delivered_how": how}
    connection.execute(_DELIVER, values | ({"message_id": message_id} if message_id is not None else {}))


def forget_outcome(connection: sa.Connection, job_id: str) -> None:
    """Drop what a job made, as far as it lies here: the text of a clip, the names of files. It is to be shown no more.

    Raises:
        UnknownJob: there is no such job.
    """
    _change(connection, job_id, outcome={}, withheld=0)
    mark_delivered(connection, job_id, message_id=None, how=DELETED)  # counts if delivery was not noted yet


def _change(connection: sa.Connection, job_id: str, **values: object) -> None:
    if connection.execute(_SET, {"of": job_id} | values).rowcount != 1:
        raise UnknownJob(job_id)
