"""Members: when we first and last saw somebody, where, and what they prefer. Names stay with the platform."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db import clock
from db.direct import made_once
from db.tables import member_guilds, members
from db.upsert import insert_or_update


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who used the bot."""

    user_id: int
    locale: str | None  # as the platform last said, e.g. "en-GB"
    preferences: dict[str, Any]  # what `/settings` keeps; the bot knows the names
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime


def note_member(
    connection: sa.Connection, user_id: int, guild_id: int | None = None, *, locale: str | None = None
) -> Member:
    """Note that somebody was here, for the first time or again.

    Args:
        connection: the transaction.
        user_id: the member.
        guild_id: the server; None: none.
        locale: as the platform says it; None keeps what is known.
    """
    now = clock.now(connection)
    values: dict[str, Any] = {"user_id": user_id, "locale": locale, "preferences": {}}
    values |= {"first_seen_at": now, "last_seen_at": now}
    update = {"last_seen_at": now} | ({"locale": locale} if locale is not None else {})
    upsert = insert_or_update(connection, members, values, key=["user_id"], update=update)
    row = connection.execute(upsert.returning(members)).one()
    if guild_id is not None:
        seen = {"user_id": user_id, "guild_id": guild_id, "last_seen_at": now}
        key, update = ["user_id", "guild_id"], {"last_seen_at": now}
        connection.execute(insert_or_update(connection, member_guilds, seen, key=key, update=update))
    return Member(**row._mapping)


def find_member(connection: sa.Connection, user_id: int) -> Member | None:
    """Return a member that was seen before."""
    row = connection.execute(_MEMBER, {"of": user_id}).one_or_none()
    return None if row is None else Member(**row._mapping)


def set_preferences(connection: sa.Connection, user_id: int, changes: Mapping[str, Any]) -> Member:
    """Change some preferences and keep the others; a value of None forgets one."""
    preferences = note_member(connection, user_id).preferences | dict(changes)  # which locks the row
    kept = {name: value for name, value in preferences.items() if value is not None}
    update = members.update().where(members.c.user_id == user_id).values(preferences=kept).returning(members)
    return Member(**connection.execute(update).one()._mapping)


def add_to_preference(
    connection: sa.Connection, user_id: int, name: str, values: Sequence[str], *, most: int
) -> Member:
    """Add to a list among a member's preferences; the oldest beyond `most` go.

    Args:
        connection: the transaction.
        user_id: the member.
        name: of the preference.
        values: what is added, each once.
        most: how many are kept.
    """
    before = note_member(connection, user_id).preferences.get(name, [])  # which locks the row
    kept = [*(one for one in before if one not in values), *values]
    return set_preferences(connection, user_id, {name: kept[-most:]})


_MEMBER = made_once(sa.select(members).where(members.c.user_id == sa.bindparam("of")))
