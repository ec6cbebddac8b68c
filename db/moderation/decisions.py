"""Decisions of operators: who is banned, which words are blocked, which channels are open, what is paused.

A decision and its entry in the audit log are one transaction, so nothing is decided without a trace.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from db import clock
from db.moderation.audit_log import AuditEntry, log_entry
from db.tables import decisions
from db.upsert import insert_or_update


class Topic(StrEnum):
    """What can be decided."""

    PAUSE = "pause"  # nothing is claimed for that server; the value is what members are told
    BAN = "ban"  # the key is a member; the value is why
    WORD = "word"  # the key is the word as it is compared; the value is the word as it was typed
    CHANNEL = "channel"  # the key is a channel; the value is a `ChannelRule`


class ChannelRule(StrEnum):
    """What is decided about a channel."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one thing."""

    key: str
    value: str


def decide(
    connection: sa.Connection,
    entry: AuditEntry,
    topic: Topic,
    key: str,
    value: str,
    *,
    places: Collection[int] = (),
) -> None:
    """Decide something, and write it into the audit log.

    Args:
        connection: the transaction.
        entry: who decides, for which server, and why.
        topic: what is decided.
        key: about whom or what.
        value: what was decided about it.
        places: the servers that it is decided for; empty: the entry's.
    """
    now = clock.now(connection)
    decided = {"value": value, "by_user": entry.by_user, "at": now}
    for guild_id in places or (entry.guild_id,):
        values = {"guild_id": guild_id, "kind": topic.value, "key": key, **decided}
        primary = ("guild_id", "kind", "key")
        connection.execute(insert_or_update(connection, decisions, values, key=primary, update=decided))
    log_entry(connection, entry, now)


def take_back(
    connection: sa.Connection, entry: AuditEntry, topic: Topic, key: str, *, places: Collection[int] = ()
) -> bool:
    """Take back what `decide` did with the same topic, key and places; return whether there was a decision.

    Args:
        connection: the transaction.
        entry: who takes it back, for which server, and why.
        topic: what was decided.
        key: about whom or what.
        places: the servers that it was decided for; empty: the entry's.
    """
    d = decisions.c
    theirs = d.guild_id.in_(places or (entry.guild_id,))
    gone = connection.execute(decisions.delete().where(theirs, d.kind == topic.value, d.key == key))
    log_entry(connection, entry)
    return gone.rowcount > 0


def decisions_of(connection: sa.Connection, guild_id: int, topic: Topic) -> list[Decision]:
    """Return what was decided for a server, by key."""
    d = decisions.c
    query = sa.select(d.key, d.value).where(d.guild_id == guild_id, d.kind == topic.value).order_by(d.key)
    return [Decision(row.key, row.value) for row in connection.execute(query)]


def is_banned(connection: sa.Connection, user_id: int) -> bool:
    """Tell whether a member is banned from any server."""
    return connection.execute(sa.select(decisions.c.key).where(is_ban_of(user_id)).limit(1)).first() is not None


def is_ban_of(user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that a decision is a ban of a member."""
    return sa.and_(decisions.c.kind == Topic.BAN.value, decisions.c.key == str(user_id))


def forget_who_decided(connection: sa.Connection, user_id: int) -> None:
    """Take a member's name off what they decided; what is decided stays."""
    connection.execute(decisions.update().where(decisions.c.by_user == user_id).values(by_user=0))
