"""How much is served before a job: one that waits, or one that does not exist yet. Reads flows, not jobs."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import sqlalchemy as sa

from db.direct import made_once
from db.errors import UnknownJob
from db.ids import NO_GUILD
from db.queue.fair_order.fairness import GuildFlow, MemberFlow, MemberLoad, jobs_before, refreshed
from db.queue.finding import find_job
from db.queue.job import Job, Pace, State
from db.tables import guild_flows, is_queued, jobs, lines, member_flows

ONE_MORE = MemberLoad(queued=1, running=0, max_running=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePosition:
    """How much is served before a queued job, if nobody else comes; an estimate, exact for jobs of equal work."""

    ahead: int  # jobs
    ahead_credits: int  # credits of work


def queue_position(connection: sa.Connection, job_id: str) -> QueuePosition:
    """Return how much is served before this job; nothing, if it does not wait.

    The credits before it in its own flow give its start tag, the other flows of its guild give what the guild serves
    first, and that gives the guild's start tag among guilds.

    Raises:
        UnknownJob: there is none.
    """
    job = find_job(connection, job_id)
    if job is None:
        raise UnknownJob(job_id)
    if job.state is not State.QUEUED:
        return QueuePosition(ahead=0, ahead_credits=0)
    inside = _ahead_in_guild(connection, job)
    around = _ahead_in_other_guilds(connection, job, inside[1])
    before = _fast_waiting(connection, job.kind) if job.pace is Pace.RELAXED else (0, 0.0)
    return QueuePosition(
        ahead=inside[0] + around[0] + before[0], ahead_credits=round(inside[1] + around[1] + before[1])
    )


def estimate_position(
    connection: sa.Connection, *, kind: str, pace: Pace, guild_id: int | None, user_id: int
) -> QueuePosition:
    """Return how much would be served before one more job of this member, if it were submitted now.

    Args:
        connection: the transaction.
        kind: of job.
        pace: how urgent it would be.
        guild_id: the server; None: a direct message.
        user_id: the member.
    """
    own = {"of_kind": kind, "at_pace": pace.value, "guild": guild_id or NO_GUILD}
    guilds = {row.guild_id: _record(GuildFlow, row) for row in connection.execute(_AROUND, own)}
    before = _fast_waiting(connection, kind) if pace is Pace.RELAXED else (0, 0.0)
    if not any(flow.waiting for flow in guilds.values()):  # nor anybody in this guild
        return QueuePosition(ahead=before[0], ahead_credits=round(before[1]))
    row = connection.execute(_QUEUE, own).one()
    clock = row.clock_fast if pace is Pace.FAST else row.clock_relaxed
    mine = connection.execute(_INSIDE, own | {"member": user_id})
    members = {row.user_id: _record(MemberFlow, row) for row in mine}
    own_member = members.pop(user_id, None) or _idle_member()
    own_guild = guilds.pop(guild_id or NO_GUILD, None) or _idle_guild()
    own_guild, ready = refreshed(
        own_guild, replace(own_member, waiting=own_member.waiting + 1), ONE_MORE, clock=clock, seq=row.seq + 1
    )
    start = ready.start + own_member.work / ready.weight
    inside = _sum_before(members.values(), start, ready.since, own_member.waiting, float(own_member.work))
    start = own_guild.start + inside[1] / own_guild.weight
    around = _sum_before(guilds.values(), start, own_guild.since, *inside)
    return QueuePosition(ahead=around[0] + before[0], ahead_credits=round(around[1] + before[1]))


def _fast_waiting(connection: sa.Connection, kind: str) -> tuple[int, float]:
    count, work = connection.execute(_FAST, {"of_kind": kind}).one()
    return int(count), float(work)


def _ahead_in_guild(connection: sa.Connection, job: Job) -> tuple[int, float]:
    values = _queue_of(job) | {"member": job.user_id}
    own_jobs, own_work = connection.execute(_EARLIER, values | {"seq": job.seq}).one()
    own = connection.execute(_OWN_MEMBER, values).one()
    start = own.start + int(own_work) / own.weight
    flows = (_record(MemberFlow, row) for row in connection.execute(_OTHER_MEMBERS, values | {"start": start}))
    return _sum_before(flows, start, own.since, int(own_jobs), float(own_work))


def _ahead_in_other_guilds(connection: sa.Connection, job: Job, credits_inside: float) -> tuple[int, float]:
    values = _queue_of(job)
    own = connection.execute(_OWN_GUILD, values).one()
    start = own.start + credits_inside / own.weight
    flows = (_record(GuildFlow, row) for row in connection.execute(_OTHER_GUILDS, values | {"start": start}))
    return _sum_before(flows, start, own.since, 0, 0.0)


def _queue_of(job: Job) -> dict[str, Any]:
    return {"of_kind": job.kind, "at_pace": job.pace.value, "guild": job.guild_id or NO_GUILD}


def _sum_before(
    flows: Iterable[MemberFlow | GuildFlow], start: float, since: int, count: int, credits: float
) -> tuple[int, float]:
    """Return `count` jobs and `credits`, and what these flows serve before one that starts at tag `start`."""
    for flow in flows:
        flow_count, flow_credits = jobs_before(flow, start, since)
        count, credits = count + flow_count, credits + flow_credits
    return count, credits


_QUEUE = made_once(sa.select(lines).where(lines.c.kind == sa.bindparam("of_kind")))
_m, _g = member_flows.c, guild_flows.c
_at_pace = _m.kind == sa.bindparam("of_kind"), _m.pace == sa.bindparam("at_pace")
_in_guild = *_at_pace, _m.guild_id == sa.bindparam("guild")
_INSIDE = made_once(sa.select(member_flows).where(*_in_guild, sa.or_(_m.ready, _m.user_id == sa.bindparam("member"))))
_OWN_MEMBER = made_once(sa.select(member_flows).where(*_in_guild, _m.user_id == sa.bindparam("member")))
_OTHER_MEMBERS = made_once(
    sa.select(member_flows).where(
        *_in_guild, _m.ready, _m.start <= sa.bindparam("start"), _m.user_id != sa.bindparam("member")
    )
)
_guilds_at_pace = _g.kind == sa.bindparam("of_kind"), _g.pace == sa.bindparam("at_pace")
_AROUND = made_once(
    sa.select(guild_flows).where(*_guilds_at_pace, sa.or_(_g.ready > 0, _g.guild_id == sa.bindparam("guild")))
)
_OWN_GUILD = made_once(sa.select(guild_flows).where(*_guilds_at_pace, _g.guild_id == sa.bindparam("guild")))
_OTHER_GUILDS = made_once(
    sa.select(guild_flows).where(
        *_guilds_at_pace, _g.ready > 0, _g.start <= sa.bindparam("start"), _g.guild_id != sa.bindparam("guild")
    )
)
_EARLIER = made_once(
    sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(jobs.c.work), 0)).where(
        jobs.c.user_id == sa.bindparam("member"),
        jobs.c.guild_id == sa.bindparam("guild"),
        jobs.c.kind == sa.bindparam("of_kind"),
        jobs.c.pace == sa.bindparam("at_pace"),
        is_queued,
        jobs.c.seq < sa.bindparam("seq"),
    )
)
_FAST = made_once(
    sa.select(sa.func.coalesce(sa.func.sum(_g.waiting), 0), sa.func.coalesce(sa.func.sum(_g.work), 0)).where(
        _g.kind == sa.bindparam("of_kind"), _g.pace == Pace.FAST.value
    )
)


def _record(record: Any, row: sa.Row[Any]) -> Any:
    return record(**{field.name: row._mapping[field.name] for field in fields(record)})


def _idle_member() -> MemberFlow:
    return MemberFlow(start=0.0, since=0, weight=1.0, ready=False, waiting=0, work=0, passed=0)


def _idle_guild() -> GuildFlow:
    return GuildFlow(start=0.0, since=0, clock=0.0, weight=1.0, ready=0, waiting=0, work=0)
