"""What a lease allows: beat, settle, give back; and what happens when it runs out.

A lease belongs to an owner and an attempt, and every claim is a new attempt. So a dispatcher that was cut off
and comes back late matches no row, and changes nothing.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.errors import UnknownJob
from db.job import FINAL, Beaten, End, Job, Pace, Report, State
from db.ledger import Ledger
from db.schedule import FlowKey, Move, apply, lock
from db.submit import job_from
from db.tables import jobs

MAX_BLAMED = 3  # a job that was running at the death of so many workers is taken for their murderer
POISON = "poison"
POISON_TEXT = "The worker stopped three times while it worked on this, so it was given up."


async def beat(db: Database, *, owner: str, reports: Sequence[Report], lease_s: float) -> Beaten:
    """Renew the leases of the reported jobs and write their progress; return what to stop."""
    by_id = {report.job_id: report for report in reports}

    async def work(connection: AsyncConnection) -> Beaten:
        now = await db.now(connection)
        ours = sa.and_(jobs.c.lease_owner == owner, jobs.c.state == State.RUNNING.value)
        renew = (
            jobs.update()
            .where(jobs.c.id.in_(list(by_id)), ours)
            .values(lease_until=now + dt.timedelta(seconds=lease_s))
            .returning(jobs.c.id, jobs.c.attempt, jobs.c.cancel_requested, jobs.c.progress_done, jobs.c.progress_total)
        )
        kept = {row.id: row for row in await connection.execute(renew) if row.attempt == by_id[row.id].attempt}
        for row in kept.values():
            report = by_id[row.id]
            if report.preview or (row.progress_done, row.progress_total) != (report.done, report.total):
                await connection.execute(_progress(report, now))
        return Beaten(
            lost=frozenset(by_id.keys() - kept.keys()),
            cancelled=frozenset(row.id for row in kept.values() if row.cancel_requested),
        )

    return await db.write(work) if by_id else Beaten()


def _progress(report: Report, now: dt.datetime) -> sa.Update:
    return (
        jobs.update()
        .where(jobs.c.id == report.job_id)
        .values(progress_done=report.done, progress_total=report.total, preview=jobs.c.preview + int(report.preview))
        .values(revision=jobs.c.revision + 1, changed_at=now)
    )


async def settle(db: Database, ledger: Ledger, *, owner: str, job_id: str, attempt: int, end: End) -> bool:
    """End a job: state, charge and release in one transaction.

    Returns whether the job ended as this owner says; False if the lease was lost, and then nothing changes.
    Saying the same again is allowed (its answer may have been lost).
    """
    if State(end.state) not in FINAL:
        raise ValueError(f"a job cannot end as {end.state}")

    async def work(connection: AsyncConnection) -> bool:
        job = await _locked(db, ledger, connection, job_id)
        if (job.lease_owner, job.attempt) != (owner, attempt):
            return False
        if job.final:
            return True
        await _finish(db, ledger, connection, job, end, Move.ENDED)
        return True

    return await db.write(work)


async def give_back(
    db: Database, ledger: Ledger, *, owner: str, job_ids: Iterable[str], blame: bool, expired_only: bool = False
) -> list[str]:
    """Put running jobs back to where they stood in line; return which were put back or ended by it.

    A job that was asked to stop ends as cancelled instead; one that is blamed for the third time ends as
    failed. expired_only: leave those alone whose lease still holds (somebody else may have renewed it).
    """

    async def work(job_id: str, connection: AsyncConnection) -> bool:
        job = await _locked(db, ledger, connection, job_id)
        if job.state is not State.RUNNING or job.lease_owner != owner:
            return False
        now = await db.now(connection)
        if expired_only and job.lease_until is not None and job.lease_until > now:
            return False
        await _give_back_one(db, ledger, connection, job, blamed=job.blamed + int(blame))
        return True

    # One transaction a job: it locks one member's account at a time, so two that do this never wait in a circle.
    return [job_id for job_id in job_ids if await db.write(partial(work, job_id))]


async def _give_back_one(db: Database, ledger: Ledger, connection: AsyncConnection, job: Job, *, blamed: int) -> None:
    ownerless = {"lease_owner": None, "lease_until": None, "blamed": blamed}
    if job.cancel_requested:
        await _finish(db, ledger, connection, job, End(state=State.CANCELLED, charge=0), Move.ENDED, **ownerless)
    elif blamed >= MAX_BLAMED:
        end = End(state=State.FAILED, charge=0, error_code=POISON, error_text=POISON_TEXT)
        await _finish(db, ledger, connection, job, end, Move.ENDED, **ownerless)
    else:
        values = ownerless | {"state": State.QUEUED.value, "started_at": None}
        await _update(db, connection, job, **values)
        await _move(db, connection, job, Move.CAME_BACK)


async def expired(db: Database) -> list[tuple[str, str]]:
    """Return (job id, owner) of the running jobs whose lease has run out."""
    async with db.read() as connection:
        query = sa.select(jobs.c.id, jobs.c.lease_owner).where(
            jobs.c.state == State.RUNNING.value, jobs.c.lease_until < await db.now(connection)
        )
        return [(row.id, row.lease_owner) for row in await connection.execute(query)]


async def cancel(db: Database, ledger: Ledger, job_id: str, *, by_user: int) -> Job:
    """End a job that waits, at once; ask for the end of one that runs; leave one that has ended."""

    async def work(connection: AsyncConnection) -> Job:
        job = await _locked(db, ledger, connection, job_id)
        if job.state is State.QUEUED:
            end = End(state=State.CANCELLED, charge=0)
            return await _finish(db, ledger, connection, job, end, Move.LEFT, cancelled_by=by_user)
        if job.state is State.RUNNING and not job.cancel_requested:
            return await _update(db, connection, job, cancel_requested=True, cancelled_by=by_user)
        return job

    return await db.write(work)


async def _locked(db: Database, ledger: Ledger, connection: AsyncConnection, job_id: str) -> Job:
    """Return the job, after locking its member's account and its line (whose lock guards its state)."""
    query = sa.select(jobs).where(jobs.c.id == job_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UnknownJob(job_id)
    now = await db.now(connection)
    await ledger.open(connection, row.user_id, now)
    await lock(db, connection, [row.kind])
    return job_from((await connection.execute(query)).one())


async def _finish(
    db: Database, ledger: Ledger, connection: AsyncConnection, job: Job, end: End, move: Move, **values: Any
) -> Job:
    now = await db.now(connection)
    await ledger.settle(connection, job.user_id, job.id, held=job.price, charge=end.charge, now=now)
    job = await _update(
        db,
        connection,
        job,
        state=State(end.state).value,
        charged=end.charge,
        outcome=end.outcome,
        error_code=end.error_code,
        error_text=end.error_text,
        ended_at=now,
        **values,
    )
    await _move(db, connection, job, move)
    return job


async def _update(db: Database, connection: AsyncConnection, job: Job, **values: Any) -> Job:
    update = (
        jobs.update()
        .where(jobs.c.id == job.id)
        .values(revision=jobs.c.revision + 1, changed_at=await db.now(connection), **values)
        .returning(jobs)
    )
    return job_from((await connection.execute(update)).one())


async def _move(db: Database, connection: AsyncConnection, job: Job, move: Move) -> None:
    (line,), _ = await lock(db, connection, [job.kind])
    key = FlowKey(kind=job.kind, pace=Pace(job.pace), guild_id=job.guild_id or 0, user_id=job.user_id)
    await apply(connection, line, key, move, work=job.work)
