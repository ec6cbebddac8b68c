"""Flows: where each guild and member stands in fair order, kept in three small tables.

Chosen: two indexed reads a claim (the guild with the least start tag, then its least member), with the tag on
the *flow* rather than on each job. One tag a job would make it one read, but fairness over guilds cannot be
written at submit: which of a guild's members takes the guild's next turn is known only when the turn comes.
And a cancelled job leaves no gap, a member at `max_running` is out of the index instead of being stepped
over, and a job that is given back restores the tags exactly. Nothing here grows with the number of jobs that
wait.

Every change of what waits or runs goes through `apply`, under the lock of its kind's queue (`lock_queues`): read the
member's load and flows, let `fairness` decide, write back what differs.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any

import sqlalchemy as sa

from db.direct import made_once
from db.queue.fair_order.fairness import GuildFlow, MemberFlow, MemberLoad, refreshed, resized, served, unserved
from db.queue.fair_order.kind_queue import KindQueue
from db.queue.job import Pace
from db.tables import guild_flows, member_flows, seats
from db.upsert import insert_into, insert_or_ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowKey:
    """Whose jobs, of what kind and pace, in which guild."""

    kind: str
    pace: Pace
    guild_id: int  # 0: direct messages
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JoiningJob:
    """A job that joins the queue, and what its member and guild are entitled to."""

    work: int  # credits
    max_running: int
    weight: float = 1.0  # the member's share among those of the guild
    guild_weight: float = 1.0  # the guild's share among guilds


class Move(Enum):
    """What happened to one job; the value is its change of (queued, running)."""

    JOINED = (1, 0)
    CLAIMED = (-1, 1)
    LEFT = (-1, 0)  # cancelled while it waited
    ENDED = (0, -1)
    CAME_BACK = (1, -1)


_MEMBER = tuple(field.name for field in fields(MemberFlow))
_GUILD = tuple(field.name for field in fields(GuildFlow))
_FLOW_KEY = ("pace", "guild_id", "user_id", "kind")

# Statements are made once: building one costs as much as running it.
_LOAD = made_once(
    seats.update()
    .where(seats.c.user_id == sa.bindparam("of"), seats.c.kind == sa.bindparam("of_kind"))
    .values(queued=seats.c.queued + sa.bindparam("joined"), running=seats.c.running + sa.bindparam("begun"))
    .returning(seats.c.queued, seats.c.running, seats.c.max_running)
)
_FLOWS = made_once(
    sa.select(
        *(member_flows.c[name] for name in _FLOW_KEY),
        *(member_flows.c[name].label(f"member_{name}") for name in _MEMBER),
        *(guild_flows.c[name].label(f"guild_{name}") for name in _GUILD),
    )
    .join(
        guild_flows,
        sa.and_(*(guild_flows.c[name] == member_flows.c[name] for name in ("kind", "pace", "guild_id"))),
    )
    .where(member_flows.c.user_id == sa.bindparam("of"), member_flows.c.kind == sa.bindparam("of_kind"))
)
_CHANGE = {
    table: made_once(
        table.update().where(*(column == sa.bindparam(f"of_{column.name}") for column in table.primary_key.columns))
    )
    for table in (member_flows, guild_flows)
}


def join(connection: sa.Connection, queue: KindQueue, key: FlowKey, joining: JoiningJob) -> MemberLoad:
    """Put one more job in its member's flow; return the member's load. Weights count from the next claim on.

    Args:
        connection: the transaction.
        queue: the kind's queue, locked.
        key: whose flow.
        joining: the job.
    """
    values = {"user_id": key.user_id, "kind": key.kind, "queued": 1, "max_running": joining.max_running}
    load = MemberLoad(**connection.execute(_count_in(connection.dialect.name), values).one()._mapping)
    weights = joining.weight, joining.guild_weight
    _rearrange(connection, queue, key, load, Move.JOINED, joining.work, weights)
    return load


def apply(connection: sa.Connection, queue: KindQueue, key: FlowKey, move: Move, *, work: int) -> bool:
    """Bring load, flows and tags up to date after `move` of one job of `work` credits.

    Returns:
        Whether anything but the load had to follow; after an end: whether another job may have waited for it.

    Args:
        connection: the transaction.
        queue: the kind's queue, locked.
        key: whose flow.
        move: what happened to one of its jobs.
        work: credits of that job.
    """
    joined, begun = move.value
    values = {"of": key.user_id, "of_kind": key.kind, "joined": joined, "begun": begun}
    load = MemberLoad(**connection.execute(_LOAD, values).one()._mapping)
    if move is Move.ENDED and replace(load, running=load.running + 1).free:
        return False  # nothing waited for it
    _rearrange(connection, queue, key, load, move, work)
    return True


@functools.cache
def _count_in(dialect: str) -> sa.Insert:
    insert = insert_into(dialect, seats)
    update = {"queued": seats.c.queued + 1, "max_running": insert.excluded.max_running}
    upsert = insert.on_conflict_do_update(index_elements=("user_id", "kind"), set_=update)
    return made_once(upsert.returning(seats.c.queued, seats.c.running, seats.c.max_running))


def _rearrange(
    connection: sa.Connection,
    queue: KindQueue,
    key: FlowKey,
    load: MemberLoad,
    move: Move,
    work: int,
    weights: tuple[float, float] | None = None,
) -> None:
    """Let the member's flows of this kind follow: all of them, because what they may run is shared among them."""
    for row in _flows(connection, key):
        guild, member = _records(row)
        own = row.pace == key.pace.value and row.guild_id == key.guild_id
        new_guild, new_member = _moved(guild, member, move, work) if own else (guild, member)
        if own and weights:
            new_member, new_guild = replace(new_member, weight=weights[0]), replace(new_guild, weight=weights[1])
        new_guild, new_member = refreshed(
            new_guild,
            new_member,
            load,
            clock=queue.clock(Pace(row.pace)),
            seq=queue.seq,
            keep_place=own and move is Move.CAME_BACK,
        )
        _write(connection, member_flows, row, member, new_member)
        _write(connection, guild_flows, row, guild, new_guild)


def _moved(guild: GuildFlow, member: MemberFlow, move: Move, work: int) -> tuple[GuildFlow, MemberFlow]:
    match move:
        case Move.JOINED:
            return resized(guild, member, 1, work)
        case Move.LEFT:
            return resized(guild, member, -1, -work)
        case Move.CLAIMED:
            return served(guild, member, work)
        case Move.CAME_BACK:
            return unserved(guild, member, work)
        case Move.ENDED:
            return guild, member


def _flows(connection: sa.Connection, key: FlowKey) -> Sequence[sa.Row[Any]]:
    """Return the member's flows of this kind, each beside its guild's; the one of `key` is made if it is the first."""
    values = {"of": key.user_id, "of_kind": key.kind}
    rows = connection.execute(_FLOWS, values).all()
    if any(row.pace == key.pace.value and row.guild_id == key.guild_id for row in rows):
        return rows
    flow = {"kind": key.kind, "pace": key.pace.value, "guild_id": key.guild_id}
    connection.execute(insert_or_ignore(connection, guild_flows).values(flow))
    connection.execute(insert_or_ignore(connection, member_flows).values(user_id=key.user_id, **flow))
    return connection.execute(_FLOWS, values).all()


def _records(row: sa.Row[Any]) -> tuple[GuildFlow, MemberFlow]:
    begin, end = len(_FLOW_KEY), len(_FLOW_KEY) + len(_MEMBER)
    member = MemberFlow(**dict(zip(_MEMBER, row[begin:end], strict=True)))
    return GuildFlow(**dict(zip(_GUILD, row[end:], strict=True))), member


def _write(
    connection: sa.Connection,
    table: sa.Table,
    row: sa.Row[Any],
    old: GuildFlow | MemberFlow,
    new: GuildFlow | MemberFlow,
) -> None:
    names = _MEMBER if table is member_flows else _GUILD
    changed = {name: getattr(new, name) for name in names if getattr(new, name) != getattr(old, name)}
    if changed:
        of = {f"of_{column.name}": row._mapping[column.name] for column in table.primary_key.columns}
        connection.execute(_CHANGE[table], of | changed)
