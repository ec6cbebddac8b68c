"""Submit: one transaction from a priced request to a job in the queue, or nothing at all."""

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import sqlalchemy as sa

from db import clock
from db.conflicts import Conflict
from db.credits.budgets import use
from db.credits.holds import note_hold, set_aside
from db.direct import made_once
from db.errors import TooManyQueued, UnknownOrder
from db.ids import NO_GUILD, new_id
from db.people.job_subjects import add_subjects
from db.people.new_subject import add_subject
from db.queue.fair_order.flows import FlowKey, JoiningJob, join
from db.queue.fair_order.kind_queue import next_number
from db.queue.fair_order.position import estimate_position
from db.queue.job import Job, Pace, State, job_from
from db.queue.pending import drop_order
from db.queue.submission import Submission
from db.tables import jobs
from db.upsert import insert_into

_KEPT = tuple(field.name for field in fields(Submission) if field.name in jobs.c)
_KNOWN = made_once(sa.select(jobs).where(jobs.c.interaction_id == sa.bindparam("of")))


def submit(connection: sa.Connection, submission: Submission) -> tuple[Job, bool]:
    """Hold the price and put the job in the queue, with the subject that it makes; return it, and whether it is new.

    The same interaction id again returns the job that it made.

    Raises:
        NotEnoughCredits, BudgetSpent, TooManyQueued, NameTaken, TooManySubjects: not now.
        UnknownOrder: the pending order that it was is gone.
    """
    if (row := connection.execute(_KNOWN, {"of": submission.interaction_id}).one_or_none()) is not None:
        return job_from(row), False
    now = set_aside(connection, submission.user_id, submission.price, submission.allowance)
    if submission.order_id is not None and not drop_order(connection, submission.order_id):
        raise UnknownOrder
    forecast_s = _forecast_s(connection, submission)
    job_id = new_id(now)
    note_hold(connection, submission.user_id, job_id, submission.price, now)
    queue, now = next_number(connection, submission.kind)
    row_values = _values(submission, job_id, queue.seq) | _times(submission, now) | {"forecast_s": forecast_s}
    key = FlowKey(
        kind=submission.kind,
        pace=Pace(row_values["pace"]),
        guild_id=row_values["guild_id"],
        user_id=submission.user_id,
    )
    load = join(connection, queue, key, _joining(submission, row_values["work"]))
    if load.queued > submission.limits.max_queued:
        raise TooManyQueued(limit=submission.limits.max_queued)
    if submission.budget is not None and submission.guild_id is not None and submission.price:
        day = use(connection, submission.guild_id, submission.budget, submission.price, now)
        row_values |= {"budget_day": day} | _times(submission, clock.now(connection))  # it may have waited
    row = connection.execute(_insert(connection.dialect.name), row_values).one_or_none()
    if row is None:
        raise Conflict  # the same interaction came twice at once: the next try finds its job
    add_subjects(connection, job_id, submission.request)
    if submission.subject is not None:
        add_subject(connection, replace(submission.subject, job_id=job_id), now)
    return job_from(row), True


def submit_together(connection: sa.Connection, submissions: Sequence[Submission]) -> tuple[Job, bool]:
    """Submit all of several requests, or none; return the job of the first, and whether they are new.

    The first one's interaction id again returns the job that it made, and makes none of the others.

    Raises:
        As `submit`.
    """
    first, is_new = submit(connection, submissions[0])
    if is_new:
        for submission in submissions[1:]:
            submit(connection, submission)
    return first, is_new


def _forecast_s(connection: sa.Connection, submission: Submission) -> float | None:
    """Foretell the seconds to the job's end: before it joins, and before the queue is locked."""
    if submission.forecast_s is not None or submission.credit_s is None:
        return submission.forecast_s
    place = estimate_position(
        connection,
        kind=submission.kind,
        pace=submission.pace,
        guild_id=submission.guild_id,
        user_id=submission.user_id,
    )
    return submission.credit_s * (place.ahead_credits + _work(submission))


@functools.cache
def _insert(dialect: str) -> sa.Insert:
    return made_once(insert_into(dialect, jobs).on_conflict_do_nothing().returning(jobs))


def _joining(submission: Submission, work: int) -> JoiningJob:
    return JoiningJob(
        work=work,
        max_running=submission.limits.max_running,
        weight=submission.weight,
        guild_weight=submission.guild_weight,
    )


def _times(submission: Submission, now: dt.datetime) -> dict[str, dt.datetime]:
    lifetime = dt.timedelta(seconds=submission.token_lifetime_s)
    return {"queued_at": now, "changed_at": now, "token_expires_at": now + lifetime}


def _work(submission: Submission) -> int:
    return submission.price if submission.work is None else submission.work


def _values(submission: Submission, job_id: str, seq: int) -> dict[str, Any]:
    values = {name: getattr(submission, name) for name in _KEPT}
    return values | {
        "id": job_id,
        "seq": seq,
        "guild_id": submission.guild_id or NO_GUILD,
        "work": max(1, _work(submission)),
        "state": State.QUEUED.value,
        "pace": Pace(submission.pace).value,
        "outcome": {},
        "speaker_id": submission.request.get("speaker_id"),
    }
