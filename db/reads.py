"""What can be asked about jobs. Nothing here changes or locks anything."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from db import clock
from db.batches import batches
from db.errors import UnknownJob
from db.fairness import GuildFlow, MemberFlow, jobs_before
from db.ids import NO_GUILD
from db.job import Changes, Job, Pace, Place, State, Waiting
from db.submit import job_from
from db.tables import guild_flows, is_queued, jobs, member_flows, seats

BEGINNING = dt.datetime.fromtimestamp(0, dt.UTC)
CHANGES_OVERLAP_S = 5.0  # a transaction that began earlier may commit later: look this far back again


_BY_ID = sa.select(jobs).where(jobs.c.id == sa.bindparam("of"))
_BY_INTERACTION = sa.select(jobs).where(jobs.c.interaction_id == sa.bindparam("of"))
_OPEN_ONES = sa.select(jobs).where(jobs.c.id.in_(sa.bindparam("ids", expanding=True)), jobs.c.delivered_at.is_(None))
_CHANGED = (
    sa.select(jobs.c.id, jobs.c.revision, clock.NOW)
    .where(jobs.c.delivered_at.is_(None), jobs.c.changed_at >= sa.bindparam("since"))
    .order_by(jobs.c.changed_at)
)


def by_id(connection: sa.Connection, job_id: str) -> Job | None:
    """Return a job by its id."""
    return _one(connection, _BY_ID, job_id)


def by_interaction(connection: sa.Connection, interaction_id: int) -> Job | None:
    """Return the job that an interaction made."""
    return _one(connection, _BY_INTERACTION, interaction_id)


def _one(connection: sa.Connection, query: sa.Select[Any], of: str | int) -> Job | None:
    row = connection.execute(query, {"of": of}).one_or_none()
    return None if row is None else job_from(row)


def many(connection: sa.Connection, query: sa.Select[Any]) -> list[Job]:
    """Return the jobs of a query over `jobs`."""
    return [job_from(row) for row in connection.execute(query)]


def mine(connection: sa.Connection, user_id: int, states: Collection[State | str] | None, limit: int) -> list[Job]:
    """Return a member's jobs, newest first."""
    query = sa.select(jobs).where(jobs.c.user_id == user_id).order_by(jobs.c.id.desc()).limit(limit)
    if states is not None:
        query = query.where(jobs.c.state.in_([State(state).value for state in states]))
    return many(connection, query)


def queued(connection: sa.Connection, user_id: int, kind: str) -> int:
    """Return how many jobs of a kind a member has waiting, as their seat counts them."""
    query = sa.select(seats.c.queued).where(seats.c.user_id == user_id, seats.c.kind == kind)
    return connection.execute(query).scalar_one_or_none() or 0


def undelivered(connection: sa.Connection, limit: int, after: Job | None) -> list[Job]:
    """Return ended jobs that nobody was shown yet, oldest first, beginning after one of them."""
    order = sa.tuple_(jobs.c.ended_at, jobs.c.id)
    query = sa.select(jobs).where(jobs.c.ended_at.is_not(None), jobs.c.delivered_at.is_(None))
    if after is not None and after.ended_at is not None:
        query = query.where(order > sa.tuple_(after.ended_at, after.id))
    return many(connection, query.order_by(jobs.c.ended_at, jobs.c.id).limit(limit))


def changed_since(connection: sa.Connection, cursor: dt.datetime | None, seen: Mapping[str, int]) -> Changes:
    """Return undelivered jobs that changed since the cursor (None: all of them), and the next cursor.

    Nothing is missed, but some come twice, unless they are in `seen` with their revision.
    """
    since = cursor - dt.timedelta(seconds=CHANGES_OVERLAP_S) if cursor else BEGINNING
    rows = connection.execute(_CHANGED, {"since": since}).all()
    news = [row.id for row in rows if seen.get(row.id) != row.revision]
    found = [job_from(row) for ids in batches(news) for row in connection.execute(_OPEN_ONES, {"ids": ids})]
    now = clock.moment(connection, rows[0]) if rows else clock.now(connection)
    return Changes(jobs=sorted(found, key=lambda job: job.changed_at), cursor=now)


def waiting(connection: sa.Connection) -> dict[str, Waiting]:
    """Return how much waits in each kind's line, both paces together."""
    g = guild_flows.c
    query = sa.select(g.kind, sa.func.sum(g.waiting).label("jobs"), sa.func.sum(g.work).label("work")).group_by(g.kind)
    rows = connection.execute(query).all()
    return {row.kind: Waiting(jobs=int(row.jobs), credits=int(row.work)) for row in rows}


def place(connection: sa.Connection, job_id: str) -> Place:
    """Return how much is served before this job; nothing, if it does not wait.

    The credits before it in its own flow give its start tag, the other flows of its guild give what the guild serves
    first, and that gives the guild's start tag among guilds. Reads flows, not jobs.
    """
    job = by_id(connection, job_id)
    if job is None:
        raise UnknownJob(job_id)
    if job.state is not State.QUEUED:
        return Place(ahead=0, ahead_credits=0)
    inside = _ahead_in_guild(connection, job)
    around = _ahead_in_other_guilds(connection, job, inside[1])
    before = _fast_waiting(connection, job) if job.pace is Pace.RELAXED else (0, 0.0)
    return Place(ahead=inside[0] + around[0] + before[0], ahead_credits=round(inside[1] + around[1] + before[1]))


def _ahead_in_guild(connection: sa.Connection, job: Job) -> tuple[int, float]:
    guild_id = job.guild_id or NO_GUILD
    mine = jobs.c.user_id == job.user_id, jobs.c.guild_id == guild_id, jobs.c.pace == job.pace.value
    earlier = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(jobs.c.work), 0)).where(
        *mine, jobs.c.kind == job.kind, is_queued, jobs.c.seq < job.seq
    )
    own_jobs, own_work = connection.execute(earlier).one()
    m = member_flows.c
    guild = m.kind == job.kind, m.pace == job.pace.value, m.guild_id == guild_id
    own = connection.execute(sa.select(member_flows).where(*guild, m.user_id == job.user_id)).one()
    start = own.start + int(own_work) / own.weight
    query = sa.select(member_flows).where(*guild, m.ready, m.start <= start, m.user_id != job.user_id)
    return _sum_before(
        (_member(row) for row in connection.execute(query)), start, own.since, int(own_jobs), float(own_work)
    )


def _ahead_in_other_guilds(connection: sa.Connection, job: Job, credits_inside: float) -> tuple[int, float]:
    g = guild_flows.c
    guild_id = job.guild_id or NO_GUILD
    line = g.kind == job.kind, g.pace == job.pace.value
    own = connection.execute(sa.select(guild_flows).where(*line, g.guild_id == guild_id)).one()
    start = own.start + credits_inside / own.weight
    query = sa.select(guild_flows).where(*line, g.ready > 0, g.start <= start, g.guild_id != guild_id)
    return _sum_before((_guild(row) for row in connection.execute(query)), start, own.since, 0, 0.0)


def _fast_waiting(connection: sa.Connection, job: Job) -> tuple[int, float]:
    g = guild_flows.c
    query = sa.select(sa.func.coalesce(sa.func.sum(g.waiting), 0), sa.func.coalesce(sa.func.sum(g.work), 0))
    count, work = connection.execute(query.where(g.kind == job.kind, g.pace == Pace.FAST.value)).one()
    return int(count), float(work)


def _sum_before(
    flows: Iterable[MemberFlow | GuildFlow], start: float, since: int, count: int, credits: float
) -> tuple[int, float]:
    for flow in flows:
        flow_count, flow_credits = jobs_before(flow, start, since)
        count, credits = count + flow_count, credits + flow_credits
    return count, credits


def _member(row: sa.Row[Any]) -> MemberFlow:
    return MemberFlow(**{name: row._mapping[name] for name in MemberFlow.__dataclass_fields__})


def _guild(row: sa.Row[Any]) -> GuildFlow:
    return GuildFlow(**{name: row._mapping[name] for name in GuildFlow.__dataclass_fields__})
