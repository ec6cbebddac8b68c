"""Figures for the operator's page: what waits, runs and failed, how long people waited, and what they had been told."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from db import clock
from db.queue.finding import jobs_in
from db.queue.job import Job, State
from db.tables import entries, guild_flows, is_running, jobs, transfers

LATELY = dt.timedelta(hours=1)
A_DAY = dt.timedelta(days=1)  # trainings are few, so forecasts are looked at for longer
SHOWN = 20  # jobs in a list
LOOKED_AT = 500  # the latest jobs, of which waits and forecasts are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long jobs of one kind waited lately, from acceptance to the start of their last attempt."""

    count: int
    p50_s: float
    p95_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """How far off it was lately what members of one kind of job were told: seconds from acceptance to end."""

    count: int
    late_s: float  # on average; above 0: it took longer than was said, below: less
    p50_s: float  # of the distance, whichever way
    p95_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How things stand."""

    at: dt.datetime
    waiting: dict[str, int]  # kind → jobs
    waiting_credits: dict[str, int]  # kind → credits of work
    running_jobs: dict[str, int]  # kind → jobs
    running: list[Job]  # some of them, the oldest first
    ended: dict[str, int]  # state, or code of what is no failure → jobs within LATELY
    failed: list[Job]  # the latest ones, newest first
    waits: dict[str, Waits]  # kind → of what started within LATELY
    forecasts: dict[str, Forecasts]  # kind → of what was done within A_DAY
    spent_today: int  # credits, since midnight UTC


def read_figures(connection: sa.Connection, no_failures: Collection[str] = ()) -> Figures:
    """Look at everything once.

    Args:
        connection: the transaction.
        no_failures: error codes of jobs that came out as they should, such as a clip in which nobody speaks; they are
            counted by that name, and not among those that failed.
    """
    g = guild_flows.c
    queues = connection.execute(sa.select(g.kind, sa.func.sum(g.waiting), sa.func.sum(g.work)).group_by(g.kind)).all()
    now = clock.now(connection)
    not_failed = sa.and_(jobs.c.state == State.FAILED.value, jobs.c.error_code.in_(no_failures))
    how = sa.case((not_failed, jobs.c.error_code), else_=jobs.c.state).label("how")
    by_end = sa.select(how, sa.func.count()).where(jobs.c.ended_at >= now - LATELY).group_by("how")
    by_kind = sa.select(jobs.c.kind, sa.func.count()).where(is_running).group_by(jobs.c.kind)
    running = sa.select(jobs).where(is_running).order_by(jobs.c.started_at).limit(SHOWN)
    broken = jobs.c.state == State.FAILED.value, sa.not_(sa.func.coalesce(not_failed, sa.false()))
    failed = sa.select(jobs).where(*broken).order_by(jobs.c.ended_at.desc()).limit(SHOWN)
    return Figures(
        at=now,
        waiting={kind: int(count) for kind, count, _ in queues},
        waiting_credits={kind: int(work) for kind, _, work in queues},
        running_jobs={kind: int(count) for kind, count in connection.execute(by_kind)},
        running=jobs_in(connection, running),
        ended={end: int(count) for end, count in connection.execute(by_end)},
        failed=jobs_in(connection, failed),
        waits=_waits(connection, now),
        forecasts=_forecasts(connection, now),
        spent_today=_spent_since(connection, now.replace(hour=0, minute=0, second=0, microsecond=0)),
    )


def _waits(connection: sa.Connection, now: dt.datetime) -> dict[str, Waits]:
    query = sa.select(jobs.c.kind, jobs.c.queued_at, jobs.c.started_at).where(jobs.c.started_at >= now - LATELY)
    found: dict[str, list[float]] = {}
    for row in connection.execute(query.order_by(jobs.c.id.desc()).limit(LOOKED_AT)):
        found.setdefault(row.kind, []).append((row.started_at - row.queued_at).total_seconds())
    return {
        kind: Waits(count=len(waits), p50_s=_quantile(waits, 0.5), p95_s=_quantile(waits, 0.95))
        for kind, waits in found.items()
    }


def _forecasts(connection: sa.Connection, now: dt.datetime) -> dict[str, Forecasts]:
    foretold = (
        sa.select(jobs.c.kind, jobs.c.forecast_s, jobs.c.queued_at, jobs.c.ended_at)
        .where(jobs.c.state == State.DONE.value, jobs.c.forecast_s.is_not(None), jobs.c.ended_at >= now - A_DAY)
        .order_by(jobs.c.id.desc())
        .limit(LOOKED_AT)
    )
    found: dict[str, list[float]] = {}
    for row in connection.execute(foretold):
        took_s = (row.ended_at - row.queued_at).total_seconds()
        found.setdefault(row.kind, []).append(took_s - row.forecast_s)
    return {
        kind: Forecasts(
            count=len(late),
            late_s=sum(late) / len(late),
            p50_s=_quantile([abs(one) for one in late], 0.5),
            p95_s=_quantile([abs(one) for one in late], 0.95),
        )
        for kind, late in found.items()
    }


def _spent_since(connection: sa.Connection, begin: dt.datetime) -> int:
    query = (
        sa.select(sa.func.coalesce(sa.func.sum(entries.c.amount), 0))
        .join(transfers, transfers.c.id == entries.c.transfer_id)
        .where(entries.c.account == "spent", transfers.c.kind == "charge", transfers.c.at >= begin)
    )
    return int(connection.execute(query).scalar_one())


def _quantile(values: list[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def models_used(connection: sa.Connection) -> dict[str, dt.datetime]:
    """Return when a job of each model was last asked for, by the models' names."""
    latest = sa.select(jobs.c.model, sa.func.max(jobs.c.queued_at)).group_by(jobs.c.model)
    return {model: at for model, at in connection.execute(latest) if model}
