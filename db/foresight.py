"""Before a job exists: where it would stand in line."""

from dataclasses import fields, replace
from typing import Any

import sqlalchemy as sa

from db.fairness import GuildFlow, MemberFlow, Seat, jobs_before, settled_in
from db.job import Pace, Place
from db.schedule import FlowKey
from db.tables import guild_flows, lines, member_flows

ONE_MORE = Seat(queued=1, running=0, max_running=1)


def foresee(connection: sa.Connection, key: FlowKey) -> Place:
    """Return how much would be served before one more job of this member, if it were submitted now."""
    row = connection.execute(sa.select(lines).where(lines.c.kind == key.kind)).one_or_none()
    if row is None:
        return Place(ahead=0, ahead_credits=0)  # the first of its kind
    clock = row.clock_fast if key.pace is Pace.FAST else row.clock_relaxed
    members, guilds = _line(connection, key)
    own_member = members.pop(key.user_id, None) or _idle_member()
    own_guild = guilds.pop(key.guild_id, None) or _idle_guild()
    own_guild, ready = settled_in(
        own_guild, replace(own_member, waiting=own_member.waiting + 1), ONE_MORE, clock=clock, seq=row.seq + 1
    )
    start = ready.start + own_member.work / ready.weight
    count, credits = own_member.waiting, float(own_member.work)
    for flow in members.values():
        count, credits = _plus(count, credits, jobs_before(flow, start, ready.since))
    start = own_guild.start + credits / own_guild.weight
    for guild in guilds.values():
        count, credits = _plus(count, credits, jobs_before(guild, start, own_guild.since))
    if key.pace is Pace.RELAXED:
        count, credits = _plus(count, credits, _fast(connection, key.kind))
    return Place(ahead=count, ahead_credits=round(credits))


def _line(connection: sa.Connection, key: FlowKey) -> tuple[dict[int, MemberFlow], dict[int, GuildFlow]]:
    """Return the flows that could be served before: those of the guild by member, and all guilds."""
    m, g = member_flows.c, guild_flows.c
    mine = sa.or_(m.ready, m.user_id == key.user_id)
    inside = sa.select(member_flows).where(
        m.kind == key.kind, m.pace == key.pace.value, m.guild_id == key.guild_id, mine
    )
    ours = sa.or_(g.ready > 0, g.guild_id == key.guild_id)
    around = sa.select(guild_flows).where(g.kind == key.kind, g.pace == key.pace.value, ours)
    members = {row.user_id: _record(MemberFlow, row) for row in connection.execute(inside)}
    guilds = {row.guild_id: _record(GuildFlow, row) for row in connection.execute(around)}
    return members, guilds


def _fast(connection: sa.Connection, kind: str) -> tuple[int, float]:
    g = guild_flows.c
    query = sa.select(sa.func.coalesce(sa.func.sum(g.waiting), 0), sa.func.coalesce(sa.func.sum(g.work), 0))
    count, work = connection.execute(query.where(g.kind == kind, g.pace == Pace.FAST.value)).one()
    return int(count), float(work)


def _record(record: Any, row: sa.Row[Any]) -> Any:
    return record(**{field.name: row._mapping[field.name] for field in fields(record)})


def _idle_member() -> MemberFlow:
    return MemberFlow(start=0.0, since=0, weight=1.0, ready=False, waiting=0, work=0, passed=0)


def _idle_guild() -> GuildFlow:
    return GuildFlow(start=0.0, since=0, clock=0.0, weight=1.0, ready=0, waiting=0, work=0)


def _plus(count: int, credits: float, more: tuple[int, float]) -> tuple[int, float]:
    return count + more[0], credits + more[1]
