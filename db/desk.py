"""What the operator's desk asks: jobs by where and whose they are, and taking out the rows of what was removed."""

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from db.batches import batches
from db.engine import Database
from db.job import DELETED, FINAL, Job, State
from db.reads import many
from db.tables import job_subjects, jobs


class Desk:
    """Look jobs up across members, and remove rows of jobs that have ended."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of_member(self, user_id: int, *, guild_id: int | None, limit: int | None) -> list[Job]:
        """Return a member's jobs in a server (None: anywhere), newest first."""
        query = sa.select(jobs).where(jobs.c.user_id == user_id)
        if guild_id is not None:
            query = query.where(jobs.c.guild_id == guild_id)
        return await self.db.read(many, query.order_by(jobs.c.id.desc()).limit(limit))

    async def of_subject(self, subject_id: str) -> list[Job]:
        """Return a subject's training and every job that drew with it, newest first."""
        about = sa.select(jobs).join(job_subjects).where(job_subjects.c.subject_id == subject_id)
        return await self.db.read(many, about.order_by(jobs.c.id.desc()))

    async def heard(self, user_id: int) -> list[Job]:
        """Return the jobs of others in which a member is heard."""
        heard = jobs.c.speaker_id == user_id, jobs.c.user_id != user_id, jobs.c.kind == "transcribe"
        return await self.db.read(many, sa.select(jobs).where(*heard))

    async def forget_speaker(self, job: Job) -> None:
        """Take the name of who is heard off a job."""
        await self.db.write(_forget_speaker, job)

    async def ended_before(self, moment: dt.datetime, *, kinds: Collection[str], limit: int) -> list[Job]:
        """Return delivered jobs of these kinds that ended before a moment and still keep an outcome, oldest first."""
        query = sa.select(jobs).where(
            jobs.c.ended_at < moment,
            jobs.c.delivered_at.is_not(None),
            jobs.c.kind.in_(kinds),
            sa.cast(jobs.c.outcome, sa.Text) != "{}",
        )
        return await self.db.read(many, query.order_by(jobs.c.ended_at).limit(limit))

    async def without_result(self, job_ids: Collection[str]) -> list[str]:
        """Return which of these ids are of jobs that are over and gave nothing, or nothing that is wanted any more."""
        return await self.db.read(_without_result, job_ids)

    async def erase(self, job_ids: Collection[str]) -> int:
        """Remove the rows of jobs that have ended; return how many there were. The ledger keeps its own."""
        return await self.db.write(_erase, job_ids) if job_ids else 0


def _forget_speaker(connection: sa.Connection, job: Job) -> None:
    request = job.request | {"speaker_id": None}
    connection.execute(jobs.update().where(jobs.c.id == job.id).values(request=request, speaker_id=None))


def _without_result(connection: sa.Connection, job_ids: Collection[str]) -> list[str]:
    nothing = sa.or_(jobs.c.state != State.DONE.value, jobs.c.delivered_how == DELETED)
    over = sa.and_(jobs.c.ended_at.is_not(None), jobs.c.delivered_at.is_not(None), nothing)
    found: list[str] = []
    for batch in batches(job_ids):
        found += connection.scalars(sa.select(jobs.c.id).where(jobs.c.id.in_(batch), over))
    return found


def _erase(connection: sa.Connection, job_ids: Collection[str]) -> int:
    ended = jobs.c.state.in_([state.value for state in FINAL])
    statements = (jobs.delete().where(jobs.c.id.in_(batch), ended) for batch in batches(job_ids))
    return sum(connection.execute(statement).rowcount for statement in statements)
