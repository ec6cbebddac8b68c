"""The audit log: what operators did, who, when, about what and why. Each entry is written in the transaction it is of.

Its table is called `acts`.
"""

import datetime as dt
import re
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from db import clock
from db.moderation.targets import Target, TargetKind, target_from
from db.tables import act_mentions, acts

ID_MAX, DETAIL_MAX = 100, 40  # characters
INTEGER_MAX = 2**63 - 1
ID = re.compile(r"(?<!\d)\d{15,19}(?!\d)")  # of the platform, in a text


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that an operator does."""

    guild_id: int
    by_user: int
    what: str
    target: Target | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry in the log."""

    entry: AuditEntry
    at: dt.datetime


def log_entry(connection: sa.Connection, entry: AuditEntry, now: dt.datetime | None = None) -> None:
    """Write an entry into the log, with the members whom its words mention.

    now: the transaction's time, if it was read; None: it is read here.
    """
    values = asdict(entry) | {"at": now or clock.now(connection)}
    del values["target"]
    if entry.target is not None:
        values["target_kind"] = entry.target.kind.value
        values |= {"target_id": entry.target.id[:ID_MAX], "target_detail": entry.target.detail[:DETAIL_MAX]}
    act_id = connection.execute(acts.insert().values(values).returning(acts.c.id)).scalar_one()
    if mentioned := _mentioned(entry):
        connection.execute(act_mentions.insert(), [{"act_id": act_id, "user_id": one} for one in sorted(mentioned)])


def latest_entries(connection: sa.Connection, guild_id: int, limit: int) -> list[LoggedEntry]:
    """Return the latest entries of a server, newest first."""
    query = sa.select(acts).where(acts.c.guild_id == guild_id).order_by(acts.c.id.desc()).limit(limit)
    return [_logged(row) for row in connection.execute(query)]


def is_about(user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that an entry is about a member."""
    return sa.and_(acts.c.target_kind == TargetKind.MEMBER.value, acts.c.target_id == str(user_id))


def forget_in_log(connection: sa.Connection, user_id: int) -> None:
    """Take a member's name off the log: as who did something, as whom it is about, and out of reasons."""
    connection.execute(acts.update().where(acts.c.by_user == user_id).values(by_user=0))
    connection.execute(acts.update().where(is_about(user_id)).values(target_id="", target_detail=""))
    mentions = sa.select(act_mentions.c.act_id).where(act_mentions.c.user_id == user_id)
    connection.execute(acts.update().where(acts.c.id.in_(mentions)).values(reason=""))
    is_word = acts.c.target_kind == TargetKind.WORD.value
    former = {"target_kind": TargetKind.MEMBER.value, "target_id": "", "target_detail": ""}
    connection.execute(acts.update().where(acts.c.id.in_(mentions), is_word).values(former))
    connection.execute(act_mentions.delete().where(act_mentions.c.act_id.in_(mentions)))


def _mentioned(entry: AuditEntry) -> set[int]:
    """Return the ids in an entry's reason, and in the word that it is about."""
    word = entry.target.id if entry.target is not None and entry.target.kind is TargetKind.WORD else ""
    return {number for text in ID.findall(f"{entry.reason} {word}") if (number := int(text)) <= INTEGER_MAX}


def _logged(row: sa.Row[Any]) -> LoggedEntry:
    return LoggedEntry(
        AuditEntry(
            guild_id=row.guild_id, by_user=row.by_user, what=row.what, target=target_from(row), reason=row.reason
        ),
        row.at,
    )
