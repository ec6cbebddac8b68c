"""What a lease allows: beat, settle, give back; and what happens when it runs out.

A lease belongs to an owner and an attempt, and every claim is a new attempt. So a dispatcher that was cut off
and comes back late matches no row, and changes nothing.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from db import clock
from db.job import DELETED, FINAL, Beaten, End, Job, Report, State
from db.ledger import Ledger
from db.locked import LockedJob, locked
from db.tables import is_running, jobs, subjects

MAX_BLAMED = 3  # a job that was running at the death of so many workers is taken for their murderer
POISON = "poison"
POISON_TEXT = "The worker stopped three times while it worked on this, so it was given up."
# A lease that runs out says only that a dispatcher went silent: somebody stopped it, its machine froze, or the job took
# all of it down. So it takes many of them; a few count like one death of a worker where jobs share workers.
MAX_EXPIRATIONS = 10
EXPIRATIONS_A_BLAME = 4
ABANDONED = "abandoned"
ABANDONED_TEXT = "The whole program stopped ten times while it worked on this, so it was given up."


def beat(connection: sa.Connection, *, owner: str, reports: Sequence[Report], lease_s: float) -> Beaten:
    """Renew the leases of the reported jobs and write their progress; return what to stop.

    It waits for no lock and for no connection: what somebody else waits for must not cost the others their leases.
    """
    by_id = {report.job_id: report for report in reports}
    reported = {"reported": [(one.job_id, one.attempt) for one in reports], "owner": owner}
    rows, now = clock.lock(connection, _HELD_FREE, reported)
    until = now + dt.timedelta(seconds=lease_s)
    moved = [row.id for row in rows if _moved(row, by_id[row.id])]
    if moved:
        connection.execute(_MOVE, [_progress(by_id[job_id], until, now) for job_id in moved])
    if still := [row.id for row in rows if row.id not in moved]:
        connection.execute(_RENEW, {"ids": still, "lease_until": until})
    ours = {row.id for row in rows}
    if len(ours) < len(by_id) and clock.locks_rows(connection):  # some are being moved on: more at the next beat
        ours = {row.id for row in connection.execute(_HELD, reported)}
    return Beaten(
        lost=frozenset(by_id.keys() - ours),
        skipped=frozenset(ours - {row.id for row in rows}),
        cancelled=frozenset(row.id for row in rows if row.cancel_requested),
    )


def _moved(row: sa.Row[Any], report: Report) -> bool:
    return report.preview or (row.progress_done, row.progress_total) != (report.done, report.total)


def _progress(report: Report, until: dt.datetime, now: dt.datetime) -> dict[str, Any]:
    return {
        "of": report.job_id,
        "lease_until": until,
        "progress_done": report.done,
        "progress_total": report.total,
        "previews": int(report.preview),
        "changed_at": now,
    }


_HELD = sa.select(jobs.c.id, jobs.c.cancel_requested, jobs.c.progress_done, jobs.c.progress_total).where(
    sa.tuple_(jobs.c.id, jobs.c.attempt).in_(sa.bindparam("reported", expanding=True)),
    jobs.c.lease_owner == sa.bindparam("owner"),
    is_running,
)
_HELD_FREE = clock.locking(_HELD.order_by(jobs.c.id), skip_locked=True)
_RENEW = jobs.update().where(jobs.c.id.in_(sa.bindparam("ids", expanding=True)))
_MOVE = (
    jobs.update()
    .where(jobs.c.id == sa.bindparam("of"))
    .values(preview=jobs.c.preview + sa.bindparam("previews"), revision=jobs.c.revision + 1)
)


def settle(connection: sa.Connection, ledger: Ledger, *, owner: str, job_id: str, attempt: int, end: End) -> bool:
    """End a job: state, charge and release in one transaction.

    Returns whether the job ended as this owner says; False if the lease was lost, and then nothing changes.
    Saying the same again is allowed (its answer may have been lost).
    """
    if State(end.state) not in FINAL:
        raise ValueError(f"a job cannot end as {end.state}")
    held = locked(connection, ledger, job_id)
    if (held.job.lease_owner, held.job.attempt) != (owner, attempt):
        return False
    if not held.job.final:
        held.finish(end)
    return True


def give_back(
    connection: sa.Connection,
    ledger: Ledger,
    *,
    owner: str,
    job_id: str,
    attempt: int,
    blame: bool,
    expired_only: bool = False,
) -> bool:
    """Put a running job back to where it stood in line; return whether it was put back, or ended by it.

    A later attempt is none of the caller's business, even if it is the same owner's.

    A job that was asked to stop ends as cancelled instead, unless it makes a subject: that one goes back, to end with
    what it has learnt. One that is blamed for the third time ends as failed. expired_only: its lease ran out, which is
    counted by itself; leave it alone if its lease still holds (somebody else may have renewed it).
    """
    held = locked(connection, ledger, job_id)
    if held.job.state is not State.RUNNING or (held.job.lease_owner, held.job.attempt) != (owner, attempt):
        return False
    if expired_only and held.job.lease_until is not None and held.job.lease_until > held.now:
        return False
    expirations = held.job.expirations + int(expired_only)
    _give_back_one(held, blamed=held.job.blamed + int(blame), expirations=expirations)
    return True


def _give_back_one(held: LockedJob, *, blamed: int, expirations: int) -> None:
    ownerless = {"lease_owner": None, "lease_until": None, "blamed": blamed, "expirations": expirations}
    if held.job.cancel_requested and not _makes_a_subject(held):
        held.finish(End(state=State.CANCELLED, charge=0), **ownerless)
    elif blamed >= MAX_BLAMED:
        end = End(state=State.FAILED, charge=0, error_code=POISON, error_text=POISON_TEXT)
        held.finish(end, **ownerless)
    elif expirations >= MAX_EXPIRATIONS:
        end = End(state=State.FAILED, charge=0, error_code=ABANDONED, error_text=ABANDONED_TEXT)
        held.finish(end, **ownerless)
    else:
        held.put_back(**ownerless)


def _makes_a_subject(held: LockedJob) -> bool:
    query = sa.select(subjects.c.id).where(subjects.c.job_id == held.job.id)
    return held.connection.execute(query).first() is not None


def expired(connection: sa.Connection) -> list[tuple[str, str, int]]:
    """Return (job id, owner, attempt) of the running jobs whose lease has run out."""
    rows = connection.execute(expired_query(clock.now(connection)))
    return [(row.id, row.lease_owner, row.attempt) for row in rows]


def expired_query(now: dt.datetime) -> sa.Select[Any]:
    """Return the query for running jobs whose lease ended before `now`."""
    return sa.select(jobs.c.id, jobs.c.lease_owner, jobs.c.attempt).where(is_running, jobs.c.lease_until < now)


def cancel(connection: sa.Connection, ledger: Ledger, job_id: str, *, by_user: int, discard: bool = False) -> Job:
    """End a job that waits, at once; ask for the end of one that runs; leave one that has ended.

    A training that is back in line may have learnt something: it waits on, to end with that as one that runs does.

    discard: nothing it made is to stay, so it is ended wherever it waits. If it runs and ends well nevertheless, that
    is seen to at its delivery.
    """
    held = locked(connection, ledger, job_id)
    if discard:
        held = held.change(delivered_how=DELETED)
    waits = held.job.state is State.QUEUED
    if waits and (discard or not held.job.attempt or not _makes_a_subject(held)):
        held = held.finish(End(state=State.CANCELLED, charge=0), cancelled_by=by_user)
    elif not held.job.final and not held.job.cancel_requested:
        held = held.change(cancel_requested=True, cancelled_by=by_user)
    return held.job


def stop_at(connection: sa.Connection, ledger: Ledger, job_id: str, *, by_user: int, step: int) -> Job:
    """Note the step that a training's subject is to be used from, and ask for the training's end if it is not over.

    Both in one transaction: whoever settles it, and after whatever crash, the choice is there.
    """
    held = locked(connection, ledger, job_id)
    connection.execute(subjects.update().where(subjects.c.job_id == job_id).values(step=step))
    if not held.job.final and not held.job.cancel_requested:
        held = held.change(cancel_requested=True, cancelled_by=by_user)
    return held.job
