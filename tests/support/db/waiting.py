"""Many waiting jobs of many members, written at once, for measuring what claiming costs."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from db import clock
from db.engine import Database
from db.ids import new_id
from db.tables import jobs
from db.tables.queue import guild_flows, lines, member_flows, seats

WORK = 4


async def insert_waiting_jobs(
    database: Database, *, members: int, each: int, guilds: int = 10, kind: str = "image"
) -> None:
    """Put free jobs into the queue, as `submit` would have, without the ledger.

    Args:
        database: where.
        members: how many members have jobs.
        each: how many jobs each of them has.
        guilds: how many servers they are in.
        kind: the kind of the jobs.
    """
    now = await database.read(clock.now)
    place: dict[str, Any] = {"kind": kind, "pace": "fast"}
    inside = [[user for user in range(1, members + 1) if user % guilds == guild] for guild in range(guilds)]
    with database.begin() as connection:
        connection.execute(lines.insert().values(kind=kind, seq=members * each))
        connection.execute(
            guild_flows.insert(),
            [
                place | {"guild_id": 1 + guild, "since": 1 + guild, "ready": len(users), "waiting": len(users) * each}
                | {"work": len(users) * each * WORK}
                for guild, users in enumerate(inside)
            ],
        )  # fmt: skip
        users = [(user, 1 + user % guilds) for user in range(1, members + 1)]
        connection.execute(
            member_flows.insert(),
            [
                place | {"guild_id": guild, "user_id": user, "since": user, "ready": True, "waiting": each}
                | {"work": each * WORK}
                for user, guild in users
            ],
        )  # fmt: skip
        connection.execute(
            seats.insert(),
            [{"user_id": user, "kind": kind, "queued": each, "max_running": 1000} for user, _ in users],
        )
        rows = [
            _job(place, user, guild, 1 + user + members * number, now)
            for user, guild in users
            for number in range(each)
        ]
        connection.execute(jobs.insert(), rows)
    with database.begin() as connection:
        connection.execute(sa.text("ANALYZE"))


def _job(place: dict[str, Any], user: int, guild: int, seq: int, now: dt.datetime) -> dict[str, Any]:
    return place | {
        "id": new_id(now),
        "interaction_id": seq,
        "interaction_token": "token",
        "token_expires_at": now,
        "state": "queued",
        "user_id": user,
        "guild_id": guild,
        "channel_id": 1,
        "request": {},
        "model": "builtin",
        "work": WORK,
        "seq": seq,
        "outcome": {},
        "queued_at": now,
        "changed_at": now,
    }
