"""Acts: what operators did, who, when, about whom and why. Each is noted in the transaction that does it."""

import datetime as dt
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from db.tables import acts

TARGET_MAX = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that an operator does."""

    guild_id: int
    by_user: int
    what: str
    target: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """An act in the log."""

    act: Act
    at: dt.datetime


def note(connection: sa.Connection, act: Act, now: dt.datetime) -> None:
    """Write an act into the log."""
    values = asdict(act) | {"target": act.target[:TARGET_MAX], "at": now}
    connection.execute(acts.insert().values(values))


def latest(connection: sa.Connection, guild_id: int, limit: int) -> list[Noted]:
    """Return the latest acts in a server, newest first."""
    query = sa.select(acts).where(acts.c.guild_id == guild_id).order_by(acts.c.id.desc()).limit(limit)
    return [
        Noted(Act(**{name: row._mapping[name] for name in Act.__dataclass_fields__}), row.at)
        for row in connection.execute(query)
    ]
