"""What can be asked about jobs. Nothing here changes or locks anything."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db.direct import made_once
from db.queue.job import DELETED, Job, State, job_from
from db.tables import favourites, guild_flows, job_subjects, jobs, seats
from db.upsert import batches

_BY_ID = made_once(sa.select(jobs).where(jobs.c.id == sa.bindparam("of")))
_BY_INTERACTION = made_once(sa.select(jobs).where(jobs.c.interaction_id == sa.bindparam("of")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits of one kind."""

    jobs: int
    credits: int  # of work


def find_job(connection: sa.Connection, job_id: str) -> Job | None:
    """Return a job by its id."""
    return _one(connection, _BY_ID, job_id)


def job_of_interaction(connection: sa.Connection, interaction_id: int) -> Job | None:
    """Return the job that an interaction made."""
    return _one(connection, _BY_INTERACTION, interaction_id)


def job_of_message(connection: sa.Connection, message_id: int) -> Job | None:
    """Return the job whose card a message is; the newest, should it have shown several."""
    query = sa.select(jobs).where(jobs.c.message_id == message_id).order_by(jobs.c.id.desc()).limit(1)
    return next(iter(jobs_in(connection, query)), None)


def favourite_jobs(connection: sa.Connection, user_id: int, *, limit: int, offset: int = 0) -> list[Job]:
    """Return the finished jobs that a member keeps at hand, the latest kept first; none whose result was deleted.

    Args:
        connection: the transaction.
        user_id: the member.
        limit: how many at most.
        offset: how many are passed over.
    """
    kept = sa.or_(jobs.c.delivered_how.is_(None), jobs.c.delivered_how != DELETED)
    query = sa.select(jobs).join(favourites).where(favourites.c.user_id == user_id, kept)
    query = query.where(jobs.c.state == State.DONE.value).order_by(favourites.c.at.desc(), jobs.c.id.desc())
    return jobs_in(connection, query.limit(limit).offset(offset))


def jobs_of_interactions(connection: sa.Connection, interaction_ids: Collection[int]) -> dict[int, Job]:
    """Return the jobs that interactions made, by the interactions' ids."""
    found: dict[int, Job] = {}
    for batch in batches(interaction_ids):
        some = jobs_in(connection, sa.select(jobs).where(jobs.c.interaction_id.in_(batch)))
        found |= {job.interaction_id: job for job in some}
    return found


def jobs_of_member(
    connection: sa.Connection,
    user_id: int,
    *,
    guild_id: int | None = None,
    states: Collection[State | str] | None = None,
    limit: int | None = 25,
) -> list[Job]:
    """Return a member's jobs, newest first.

    Args:
        connection: the transaction.
        user_id: the member.
        guild_id: only those asked for in this server; None: anywhere.
        states: only those that are in one of these; None: any.
        limit: how many at most; None: all.
    """
    query = sa.select(jobs).where(jobs.c.user_id == user_id).order_by(jobs.c.id.desc()).limit(limit)
    if guild_id is not None:
        query = query.where(jobs.c.guild_id == guild_id)
    if states is not None:
        query = query.where(jobs.c.state.in_([State(state).value for state in states]))
    return jobs_in(connection, query)


def jobs_of_subject(connection: sa.Connection, subject_id: str) -> list[Job]:
    """Return a subject's training and every job that drew with it, newest first."""
    query = sa.select(jobs).join(job_subjects).where(job_subjects.c.subject_id == subject_id)
    return jobs_in(connection, query.order_by(jobs.c.id.desc()))


def jobs_that_hear(connection: sa.Connection, user_id: int) -> list[Job]:
    """Return the jobs of others in which a member is heard."""
    heard = jobs.c.speaker_id == user_id, jobs.c.user_id != user_id, jobs.c.kind == "transcribe"
    return jobs_in(connection, sa.select(jobs).where(*heard))


def jobs_made_from(connection: sa.Connection, job_id: str, *, kind: str | None = None) -> list[Job]:
    """Return the jobs that vary or repeat what a job made, newest first; of one kind, or of any."""
    query = sa.select(jobs).where(jobs.c.source_job_id == job_id).order_by(jobs.c.id.desc())
    return jobs_in(connection, query if kind is None else query.where(jobs.c.kind == kind))


def jobs_with_withheld(connection: sa.Connection, guild_ids: Collection[int], limit: int) -> list[Job]:
    """Return the latest jobs of some servers that have withheld pictures, newest first; `NO_GUILD`: direct messages."""
    some = jobs.c.withheld > sa.literal_column("0")  # written out, so that the partial index is used
    found = [
        job
        for guild_id in guild_ids
        for job in jobs_in(
            connection,
            sa.select(jobs).where(jobs.c.guild_id == guild_id, some).order_by(jobs.c.id.desc()).limit(limit),
        )
    ]
    return sorted(found, key=lambda job: job.id, reverse=True)[:limit]


def count_queued(connection: sa.Connection, user_id: int, kind: str) -> int:
    """Return how many jobs of a kind a member has waiting, as what they have in hand is counted."""
    query = sa.select(seats.c.queued).where(seats.c.user_id == user_id, seats.c.kind == kind)
    return connection.execute(query).scalar_one_or_none() or 0


def backlogs(connection: sa.Connection) -> dict[str, Backlog]:
    """Return how much waits of each kind, both paces together."""
    g = guild_flows.c
    query = sa.select(g.kind, sa.func.sum(g.waiting).label("jobs"), sa.func.sum(g.work).label("work")).group_by(g.kind)
    rows = connection.execute(query).all()
    return {row.kind: Backlog(jobs=int(row.jobs), credits=int(row.work)) for row in rows}


def jobs_in(connection: sa.Connection, query: sa.Select[Any]) -> list[Job]:
    """Return the jobs of a query over `jobs`."""
    return [job_from(row) for row in connection.execute(query)]


def _one(connection: sa.Connection, query: sa.Select[Any], of: str | int) -> Job | None:
    row = connection.execute(query, {"of": of}).one_or_none()
    return None if row is None else job_from(row)
