"""What a member's ended jobs are searched by. Nothing here changes or locks anything."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from db.queue.finding import jobs_in
from db.queue.job import FINAL, Job
from db.tables import job_subjects, jobs

BATCH = 500  # requests that are read at a time, where their words are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which of a member's ended jobs are looked for; what is left out says nothing."""

    model: str = ""  # its name
    subject_ids: tuple[str, ...] = ()  # with one of these
    since: dt.datetime | None = None  # asked for then or later
    until: dt.datetime | None = None  # asked for before
    matches: Callable[[Mapping[str, Any]], bool] | None = None  # of a request; runs on the database's thread


def ended_jobs(
    connection: sa.Connection, user_id: int, wanted: HistoryFilter, *, limit: int, offset: int = 0
) -> list[Job]:
    """Return a member's ended jobs that a filter lets through, newest first.

    Args:
        connection: the transaction.
        user_id: the member.
        wanted: which of them.
        limit: how many at most.
        offset: how many are passed over.
    """
    if wanted.matches is None:
        return jobs_in(connection, _newest(sa.select(jobs), user_id, wanted).limit(limit).offset(offset))
    ids = list(islice(_matching(connection, user_id, wanted, wanted.matches), offset, offset + limit))
    return jobs_in(connection, sa.select(jobs).where(jobs.c.id.in_(ids)).order_by(jobs.c.id.desc()))


def models_of_member(connection: sa.Connection, user_id: int) -> list[str]:
    """Return the names of the models of a member's jobs, also of those that are no longer there, sorted."""
    query = sa.select(jobs.c.model).where(jobs.c.user_id == user_id).distinct().order_by(jobs.c.model)
    return list(connection.scalars(query))


def _matching(
    connection: sa.Connection, user_id: int, wanted: HistoryFilter, matches: Callable[[Mapping[str, Any]], bool]
) -> Iterator[str]:
    """Yield the ids of jobs whose request matches, newest first; as few requests are read as are needed."""
    query = _newest(sa.select(jobs.c.id, jobs.c.request), user_id, wanted).limit(BATCH)
    before: str | None = None
    while rows := connection.execute(query if before is None else query.where(jobs.c.id < before)).all():
        yield from (row.id for row in rows if matches(row.request))
        before = rows[-1].id


def _newest(query: sa.Select[Any], user_id: int, wanted: HistoryFilter) -> sa.Select[Any]:
    query = query.where(jobs.c.user_id == user_id, jobs.c.state.in_([state.value for state in FINAL]))
    if wanted.model:
        query = query.where(jobs.c.model == wanted.model)
    if wanted.subject_ids:
        drawn = sa.select(job_subjects.c.job_id).where(job_subjects.c.subject_id.in_(wanted.subject_ids))
        query = query.where(jobs.c.id.in_(drawn))
    if wanted.since is not None:
        query = query.where(jobs.c.queued_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(jobs.c.queued_at < wanted.until)
    return query.order_by(jobs.c.id.desc())
