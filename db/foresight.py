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
    row = connection.execute(_LINE, {"in_line": key.kind}).one_or_none()
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
    values = {"in_line": key.kind, "at_pace": key.pace.value, "guild": key.guild_id}
    inside = connection.execute(_INSIDE, values | {"member": key.user_id})
    members = {row.user_id: _record(MemberFlow, row) for row in inside}
    guilds = {row.guild_id: _record(GuildFlow, row) for row in connection.execute(_AROUND, values)}
    return members, guilds


def _fast(connection: sa.Connection, kind: str) -> tuple[int, float]:
    count, work = connection.execute(_FAST, {"in_line": kind}).one()
    return int(count), float(work)


_LINE = sa.select(lines).where(lines.c.kind == sa.bindparam("in_line"))
_m, _g = member_flows.c, guild_flows.c
_INSIDE = sa.select(member_flows).where(
    _m.kind == sa.bindparam("in_line"),
    _m.pace == sa.bindparam("at_pace"),
    _m.guild_id == sa.bindparam("guild"),
    sa.or_(_m.ready, _m.user_id == sa.bindparam("member")),
)
_AROUND = sa.select(guild_flows).where(
    _g.kind == sa.bindparam("in_line"),
    _g.pace == sa.bindparam("at_pace"),
    sa.or_(_g.ready > 0, _g.guild_id == sa.bindparam("guild")),
)
_FAST = sa.select(sa.func.coalesce(sa.func.sum(_g.waiting), 0), sa.func.coalesce(sa.func.sum(_g.work), 0)).where(
    _g.kind == sa.bindparam("in_line"), _g.pace == Pace.FAST.value
)


def _record(record: Any, row: sa.Row[Any]) -> Any:
    return record(**{field.name: row._mapping[field.name] for field in fields(record)})


def _idle_member() -> MemberFlow:
    return MemberFlow(start=0.0, since=0, weight=1.0, ready=False, waiting=0, work=0, passed=0)


def _idle_guild() -> GuildFlow:
    return GuildFlow(start=0.0, since=0, clock=0.0, weight=1.0, ready=0, waiting=0, work=0)


def _plus(count: int, credits: float, more: tuple[int, float]) -> tuple[int, float]:
    return count + more[0], credits + more[1]
