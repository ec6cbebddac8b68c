"""The line: where each guild and member stands in fair order, kept in three small tables.

Chosen: two indexed reads a claim (the guild with the least start tag, then its least member), with the tag on
the *flow* rather than on each job. One tag a job would make it one read, but fairness over guilds cannot be
written at submit: which of a guild's members takes the guild's next turn is known only when the turn comes.
And a cancelled job leaves no gap, a member at `max_running` is out of the index instead of being stepped
over, and a job that is given back restores the tags exactly. Nothing here grows with the number of jobs that
wait.

Every change of what waits or runs goes through `apply`, under the lock of its line (`lock`): read the
member's seat and flows, let `db.fairness` decide, write back what differs.
"""

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any

import sqlalchemy as sa

from db import clock
from db.fairness import GuildFlow, MemberFlow, Seat, resized, served, settled_in, unserved
from db.job import Pace
from db.tables import guild_flows, lines, member_flows, seats
from db.upsert import insert_into, insert_or_ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowKey:
    """Whose jobs, of what kind and pace, in which guild."""

    kind: str
    pace: Pace
    guild_id: int  # 0: direct messages
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind's line, locked."""

    kind: str
    seq: int
    clock_fast: float
    clock_relaxed: float
    fast_run: int
    claims: int

    def clock(self, pace: Pace) -> float:
        return self.clock_fast if pace is Pace.FAST else self.clock_relaxed


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A job that joins a line, and what its member and guild are entitled to."""

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
_LINE = tuple(field.name for field in fields(Line))
LINE_COLUMNS = [lines.c[name] for name in _LINE]

# Statements are made once: building one costs as much as running it.
_LOCK = clock.locking(
    sa.select(lines).where(lines.c.kind.in_(sa.bindparam("kinds", expanding=True))).order_by(lines.c.kind)
)
_NEXT = lines.update().where(lines.c.kind == sa.bindparam("of")).values(seq=lines.c.seq + 1)
_NEXT = _NEXT.returning(*LINE_COLUMNS, clock.NOW)
_SEAT = (
    seats.update()
    .where(seats.c.user_id == sa.bindparam("of"), seats.c.kind == sa.bindparam("in_line"))
    .values(queued=seats.c.queued + sa.bindparam("joined"), running=seats.c.running + sa.bindparam("begun"))
    .returning(seats.c.queued, seats.c.running, seats.c.max_running)
)
_FLOWS = (
    sa.select(
        *(member_flows.c[name] for name in _FLOW_KEY),
        *(member_flows.c[name].label(f"member_{name}") for name in _MEMBER),
        *(guild_flows.c[name].label(f"guild_{name}") for name in _GUILD),
    )
    .join(
        guild_flows,
        sa.and_(*(guild_flows.c[name] == member_flows.c[name] for name in ("kind", "pace", "guild_id"))),
    )
    .where(member_flows.c.user_id == sa.bindparam("of"), member_flows.c.kind == sa.bindparam("in_line"))
)
_CHANGE = {
    table: table.update().where(*(column == sa.bindparam(f"of_{column.name}") for column in table.primary_key.columns))
    for table in (member_flows, guild_flows)
}


def lock(connection: sa.Connection, kinds: Iterable[str]) -> None:
    """Lock these kinds' lines, in one order for all."""
    if clock.locks_rows(connection):
        clock.lock(connection, _LOCK, {"kinds": sorted(set(kinds))})


def next_number(connection: sa.Connection, kind: str) -> tuple[Line, dt.datetime]:
    """Lock the kind's line, making it if it is the first; return it with its next number, and the time after that."""
    row = connection.execute(_NEXT, {"of": kind}).one_or_none()
    if row is None:
        connection.execute(insert_or_ignore(connection, lines).values(kind=kind))
        row = connection.execute(_NEXT, {"of": kind}).one()
    return line_from(row), clock.moment(connection, row)


def join(connection: sa.Connection, line: Line, key: FlowKey, newcomer: Newcomer) -> Seat:
    """Put one more job in its member's flow; return the member's seat. Weights count from the next claim on."""
    values = {"user_id": key.user_id, "kind": key.kind, "queued": 1, "max_running": newcomer.max_running}
    seat = Seat(**connection.execute(_take_seat(connection.dialect.name), values).one()._mapping)
    weights = newcomer.weight, newcomer.guild_weight
    _rearrange(connection, line, key, seat, Move.JOINED, newcomer.work, weights)
    return seat


def apply(connection: sa.Connection, line: Line, key: FlowKey, move: Move, *, work: int) -> None:
    """Bring seat, flows and tags up to date after `move` of one job of `work` credits."""
    joined, begun = move.value
    values = {"of": key.user_id, "in_line": key.kind, "joined": joined, "begun": begun}
    seat = Seat(**connection.execute(_SEAT, values).one()._mapping)
    if move is Move.ENDED and replace(seat, running=seat.running + 1).free:
        return  # nothing waited for it
    _rearrange(connection, line, key, seat, move, work)


@functools.cache
def _take_seat(dialect: str) -> sa.Insert:
    insert = insert_into(dialect, seats)
    update = {"queued": seats.c.queued + 1, "max_running": insert.excluded.max_running}
    upsert = insert.on_conflict_do_update(index_elements=("user_id", "kind"), set_=update)
    return upsert.returning(seats.c.queued, seats.c.running, seats.c.max_running)


def _rearrange(
    connection: sa.Connection,
    line: Line,
    key: FlowKey,
    seat: Seat,
    move: Move,
    work: int,
    weights: tuple[float, float] | None = None,
) -> None:
    """Let the member's flows of this kind follow: all of them, because the seat that opened or closed is shared."""
    for row in _flows(connection, key):
        guild, member = _records(row)
        own = row.pace == key.pace.value and row.guild_id == key.guild_id
        new_guild, new_member = _moved(guild, member, move, work) if own else (guild, member)
        if own and weights:
            new_member, new_guild = replace(new_member, weight=weights[0]), replace(new_guild, weight=weights[1])
        new_guild, new_member = settled_in(
            new_guild,
            new_member,
            seat,
            clock=line.clock(Pace(row.pace)),
            seq=line.seq,
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
    values = {"of": key.user_id, "in_line": key.kind}
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


def line_from(row: Sequence[Any]) -> Line:
    """Return the record of values that begin with those of LINE_COLUMNS."""
    return Line(**dict(zip(_LINE, row, strict=False)))
