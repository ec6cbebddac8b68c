"""What moves a claimed job on: settled or given back by who has its lease, reaped, cancelled.

A lease belongs to an owner and an attempt, and every claim is a new attempt. So a dispatcher that was cut off
and comes back late matches no row, and changes nothing.
"""

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from db import clock
from db.queue.job import DELETED, FINAL, MAX_BLAMED, End, Job, State
from db.queue.locked_job import LockedJob, lock_job
from db.tables import is_running, jobs, subjects

POISON = "poison"
POISON_TEXT = "The worker stopped three times while it worked on this, so it was given up."
MAX_EXPIRATIONS = 10  # one says only that a dispatcher went silent, so it takes many of them
ABANDONED = "abandoned"
ABANDONED_TEXT = "The whole program stopped ten times while it worked on this, so it was given up."


@dataclass(frozen=True, slots=True)
class ExpiredLease:
    """A lease that ran out while its job was running, or whose owner has ended."""

    job_id: str
    owner: str
    attempt: int


class Settled(Enum):
    """A job that ended as its lease's owner says."""

    ALONE = "nobody waited for its place"
    NEXT_MAY_COME = "its member's next job may be claimed now"


def settle(connection: sa.Connection, *, owner: str, job_id: str, attempt: int, end: End) -> Settled | None:
    """End a job: state, charge and release in one transaction.

    Saying the same again is allowed (its answer may have been lost).

    Args:
        connection: the transaction.
        owner: whose lease it is.
        job_id: the job.
        attempt: of which it is the end.
        end: how it ended, and what it costs.

    Returns:
        What comes of it; None if the lease was lost, and then nothing changes.

    Raises:
        UnknownJob: there is none.
        ValueError: no job ends in that state.
    """
    if State(end.state) not in FINAL:
        raise ValueError(f"a job cannot end as {end.state}")
    held = lock_job(connection, job_id)
    if (held.job.lease_owner, held.job.attempt) != (owner, attempt):
        return None
    if held.job.final:
        return Settled.NEXT_MAY_COME  # whoever was told so the first time may have died of it
    return Settled.NEXT_MAY_COME if held.finish(end).frees else Settled.ALONE


def give_back(connection: sa.Connection, *, owner: str, job_id: str, attempt: int, blame: bool) -> bool:
    """Put a running job back to where it stood in the queue; return whether it was put back, or ended by it.

    A later attempt is none of the caller's business, even if it is the same owner's. A job that was asked to stop ends
    as cancelled instead, unless it makes a subject: that one goes back, to end with what it has learnt. One that is
    blamed for the third time ends as failed.

    Args:
        connection: the transaction.
        owner: whose lease it is.
        job_id: the job.
        attempt: the one that is given up.
        blame: whether a worker died of it, perhaps.

    Raises:
        UnknownJob: there is none.
    """
    held = lock_job(connection, job_id)
    if not _is_running(held, owner, attempt):
        return False
    _give_back(held, blamed=held.job.blamed + int(blame), expirations=held.job.expirations)
    return True


def reap(connection: sa.Connection, lease: ExpiredLease, *, owner_ended: bool = False) -> bool:
    """Do what `give_back` does for a lease that ran out, which is counted by itself.

    It is left alone if it still holds: its owner may have renewed it meanwhile, unless it is known to have ended.
    """
    held = lock_job(connection, lease.job_id)
    if not _is_running(held, lease.owner, lease.attempt):
        return False
    if not owner_ended and held.job.lease_until is not None and held.job.lease_until > held.now:
        return False
    _give_back(held, blamed=held.job.blamed, expirations=held.job.expirations + 1)
    return True


def expired(connection: sa.Connection) -> list[ExpiredLease]:
    """Return the leases of running jobs that have run out."""
    rows = connection.execute(expired_query(clock.now(connection)))
    return [ExpiredLease(row.id, row.lease_owner, row.attempt) for row in rows]


def leases_of(connection: sa.Connection, owner: str) -> list[ExpiredLease]:
    """Return the leases of an owner that has ended, whether or not they ran out."""
    query = sa.select(jobs.c.id, jobs.c.lease_owner, jobs.c.attempt).where(is_running, jobs.c.lease_owner == owner)
    return [ExpiredLease(row.id, row.lease_owner, row.attempt) for row in connection.execute(query)]


def expired_query(now: dt.datetime) -> sa.Select[Any]:
    """Return the query for running jobs whose lease ended before `now`."""
    return sa.select(jobs.c.id, jobs.c.lease_owner, jobs.c.attempt).where(is_running, jobs.c.lease_until < now)


def cancel(connection: sa.Connection, job_id: str, *, by_user: int, discard: bool = False) -> Job:
    """End a job that waits, at once; ask for the end of one that runs; leave one that has ended.

    A training that is back in the queue may have learnt something: it waits on, to end with that as one that runs does.

    Args:
        connection: the transaction.
        job_id: the job.
        by_user: who asks for it.
        discard: nothing it made is to stay, so it is ended wherever it waits. If it runs and ends well nevertheless,
            that is seen to at its delivery.

    Raises:
        UnknownJob: there is none.
    """
    held = lock_job(connection, job_id)
    if discard:
        held = held.change(delivered_how=DELETED)
    waits = held.job.state is State.QUEUED
    if waits and (discard or not held.job.attempt or not _makes_a_subject(held)):
        held = held.finish(End(state=State.CANCELLED, charge=0), cancelled_by=by_user)
    elif not held.job.final and not held.job.cancel_requested:
        held = held.change(cancel_requested=True, cancelled_by=by_user)
    return held.job


def stop_at(connection: sa.Connection, job_id: str, *, by_user: int, step: int) -> Job:
    """Note the step that a training's subject is to be used from, and ask for the training's end if it is not over.

    Both in one transaction: whoever settles it, and after whatever crash, the choice is there.

    Args:
        connection: the transaction.
        job_id: the training.
        by_user: who chooses.
        step: of the training.

    Raises:
        UnknownJob: there is none.
    """
    held = lock_job(connection, job_id)
    connection.execute(subjects.update().where(subjects.c.job_id == job_id).values(step=step))
    if not held.job.final and not held.job.cancel_requested:
        held = held.change(cancel_requested=True, cancelled_by=by_user)
    return held.job


def _is_running(held: LockedJob, owner: str, attempt: int) -> bool:
    return held.job.state is State.RUNNING and (held.job.lease_owner, held.job.attempt) == (owner, attempt)


def _give_back(held: LockedJob, *, blamed: int, expirations: int) -> None:
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
