"""Claim: take the next jobs in fair order, by lease.

Each job costs two indexed reads, whatever waits: `ix_guild_flows_next` gives each queue's next guild,
`ix_member_flows_next` that guild's next member (or the first few, to look for a resident model).

The queue's lock makes claims of one kind take turns, for a few milliseconds each: fair order is one for everybody. No
SKIP LOCKED: it would let a second dispatcher see an empty queue while the first is choosing.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db import clock
from db.direct import made_once
from db.queue.fair_order.fairness import REACH, next_pace, with_affinity
from db.queue.fair_order.flows import FlowKey, Move, apply
from db.queue.fair_order.kind_queue import QUEUE_COLUMNS, KindQueue, lock_queues, queue_from
from db.queue.job import Job, Pace, State, job_from
from db.tables import decisions, guild_flows, is_queued, jobs, lines, member_flows


@dataclass(frozen=True, slots=True, kw_only=True)
class NextGuild:
    """Which guild is served next."""

    queue: KindQueue
    pace: Pace
    guild_id: int


@dataclass(frozen=True, slots=True)
class FirstJob:
    """The first job of one member's flow."""

    job_id: str
    user_id: int
    work: int
    model: str
    passed: int  # how often the flow was overtaken


def claim(
    connection: sa.Connection,
    *,
    owner: str,
    kinds: Sequence[str],
    limit: int,
    lease_s: float,
    models: Collection[str],
) -> list[Job]:
    """Return up to `limit` jobs of these kinds, now running and leased to `owner` for `lease_s` seconds.

    Args:
        connection: the transaction.
        owner: the dispatcher that they are leased to.
        kinds: of these kinds only.
        limit: how many at most.
        lease_s: for how many seconds.
        models: names in memory, for whose jobs others may be overtaken.
    """
    claimed: list[Job] = []
    if clock.locks_rows(connection) and _next_guild(connection, kinds) is None:
        return claimed  # an idle dispatcher's poll takes no lock
    lock_queues(connection, kinds)
    while len(claimed) < limit and (guild := _next_guild(connection, kinds)) is not None:
        first, now = _first_job(connection, guild, models)
        if clock.locks_rows(connection):
            _, now = clock.lock(connection, _LOCK_JOB, {"of": first.job_id})
        lease = {"lease_owner": owner, "lease_until": now + dt.timedelta(seconds=lease_s)}
        claimed.append(_take(connection, guild, first, lease, now))
    return claimed


def _next_guild(connection: sa.Connection, kinds: Sequence[str]) -> NextGuild | None:
    """Return the guild whose turn it is, None if nobody can be served.

    Kinds take turns, least recently served first; within a kind relaxed comes after fast.
    """
    rows = connection.execute(NEXT_GUILDS, {"kinds": list(kinds)}).all()
    row = next((row for row in rows if row.fast is not None or row.relaxed is not None), None)
    if row is None:
        return None
    pace = next_pace(fast=row.fast is not None, relaxed=row.relaxed is not None, fast_run=row.fast_run)
    return NextGuild(queue=queue_from(row), pace=pace, guild_id=row.fast if pace is Pace.FAST else row.relaxed)


def _first_job(connection: sa.Connection, guild: NextGuild, models: Collection[str]) -> tuple[FirstJob, dt.datetime]:
    """Return the job whose turn it is in this guild, and the time; note whom a resident model overtook."""
    rows = connection.execute(FIRST_JOBS, _of(guild) | {"reach": REACH if models else 1}).all()
    firsts = [FirstJob(*row[:-1]) for row in rows]
    chosen = with_affinity([first.model in models for first in firsts], [first.passed for first in firsts])
    if chosen:
        m = member_flows.c
        flows = m.kind == guild.queue.kind, m.pace == guild.pace.value, m.guild_id == guild.guild_id
        overtaken = m.user_id.in_([first.user_id for first in firsts[:chosen]])
        connection.execute(member_flows.update().where(*flows, overtaken).values(passed=m.passed + 1))
    return firsts[chosen], clock.moment(connection, rows[chosen])


def _take(connection: sa.Connection, guild: NextGuild, first: FirstJob, lease: dict[str, Any], now: dt.datetime) -> Job:
    begun = {"of": first.job_id, "started_at": now, "changed_at": now}
    row = connection.execute(_BEGIN_JOB, begun | lease).one()
    connection.execute(_SERVE[guild.pace], _of(guild))
    key = FlowKey(kind=guild.queue.kind, pace=guild.pace, guild_id=guild.guild_id, user_id=first.user_id)
    apply(connection, guild.queue, key, Move.CLAIMED, work=first.work)
    return job_from(row)


def _of(guild: NextGuild) -> dict[str, Any]:
    return {"of_kind": guild.queue.kind, "at_pace": guild.pace.value, "of": guild.guild_id}


# -- statements: made once, as building one costs as much as running it -----------------------------------------------


def _next_guilds() -> sa.Select[Any]:
    """Return the query for each kind's next guild, by pace: the first indexed read. Paused guilds wait."""
    paused = sa.select(decisions.c.guild_id).where(decisions.c.kind == "pause")

    def next_guild(pace: Pace) -> sa.ScalarSelect[int]:
        g = guild_flows.c
        query = sa.select(g.guild_id).where(g.kind == lines.c.kind, g.pace == pace.value, g.ready > 0)
        query = query.where(g.guild_id.not_in(paused))
        return query.order_by(g.start, g.since).limit(1).correlate(lines).scalar_subquery()

    query = sa.select(*QUEUE_COLUMNS, next_guild(Pace.FAST).label("fast"), next_guild(Pace.RELAXED).label("relaxed"))
    kinds = sa.bindparam("kinds", type_=sa.String, expanding=True)
    return query.where(lines.c.kind.in_(kinds)).order_by(lines.c.claims, lines.c.kind)


def _first_jobs() -> sa.Select[Any]:
    """Return the query for the first jobs of a guild's first `reach` members: the second indexed read."""
    m = member_flows.c
    kind, pace = sa.bindparam("of_kind", type_=sa.String), sa.bindparam("at_pace", type_=sa.String)
    guild_id = sa.bindparam("of", type_=sa.BigInteger)
    front = (
        sa.select(m.user_id, m.start, m.since, m.passed)
        .where(m.kind == kind, m.pace == pace, m.guild_id == guild_id, m.ready)
        .order_by(m.start, m.since)
        .limit(sa.bindparam("reach", type_=sa.Integer))
        .subquery()
    )
    first = (
        sa.select(jobs.c.id)
        .where(jobs.c.kind == kind, jobs.c.pace == pace, jobs.c.guild_id == guild_id)
        .where(jobs.c.user_id == front.c.user_id, is_queued)
        .order_by(jobs.c.seq)
        .limit(1)
        .correlate(front)
        .scalar_subquery()
    )
    return (
        sa.select(jobs.c.id.label("job_id"), jobs.c.user_id, jobs.c.work, jobs.c.model, front.c.passed, clock.NOW)
        .select_from(front)
        .join(jobs, jobs.c.id == first)
        .order_by(front.c.start, front.c.since)
    )


def _serve(pace: Pace) -> sa.Update:
    """Return the change of a queue that moves its virtual time to the start tag being served, and counts the turn.

    To be executed before the tag moves on.
    """
    g = guild_flows.c
    kind = sa.bindparam("of_kind", type_=sa.String)
    served = sa.select(g.start).where(
        g.kind == kind, g.pace == sa.bindparam("at_pace"), g.guild_id == sa.bindparam("of")
    )
    start = served.scalar_subquery()
    relaxed_waits = sa.select(g.guild_id).where(g.kind == kind, g.pace == Pace.RELAXED.value, g.ready > 0).exists()
    clock_column = lines.c[f"clock_{pace.value}"]
    fast_run = sa.case((relaxed_waits, lines.c.fast_run + 1), else_=0) if pace is Pace.FAST else 0
    last_turn = sa.select(sa.func.max(lines.alias().c.claims)).scalar_subquery()
    moved = {clock_column.name: sa.case((start > clock_column, start), else_=clock_column)}
    return lines.update().where(lines.c.kind == kind).values(**moved, fast_run=fast_run, claims=last_turn + 1)


NEXT_GUILDS, FIRST_JOBS = made_once(_next_guilds()), made_once(_first_jobs())
_SERVE = {pace: made_once(_serve(pace)) for pace in Pace}
_LOCK_JOB = clock.locking(sa.select(jobs.c.id).where(jobs.c.id == sa.bindparam("of")))
_BEGIN_JOB = made_once(
    jobs.update()
    .where(jobs.c.id == sa.bindparam("of"))
    .values(state=State.RUNNING.value, progress_done=0, attempt=jobs.c.attempt + 1, revision=jobs.c.revision + 1)
    .returning(jobs)
)
