"""Acts: what operators did, who, when, about what and why. Each is noted in the transaction that does it."""

import datetime as dt
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from db.tables import act_mentions, acts

ID_MAX, DETAIL_MAX = 100, 40  # characters
INTEGER_MAX = 2**63 - 1
ID = re.compile(r"(?<!\d)\d{15,19}(?!\d)")  # of the platform, in a text


class TargetKind(StrEnum):
    """What kind of thing an act is about."""

    MEMBER = "member"
    JOB = "job"
    SUBJECT = "subject"
    CHANNEL = "channel"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Target:
    """What one act is about; as text, as operators read it."""

    kind: TargetKind
    id: str  # of a word: the word; "": a member who has left
    detail: str = ""  # what stands behind it: an amount

    @classmethod
    def member(cls, user_id: int, detail: str = "") -> "Target":
        """Return a member as a target."""
        return cls(TargetKind.MEMBER, str(user_id), detail)

    @classmethod
    def channel(cls, channel_id: int) -> "Target":
        """Return a channel as a target."""
        return cls(TargetKind.CHANNEL, str(channel_id))

    @property
    def is_mention(self) -> bool:
        """Tell whether the platform shows its text as a name."""
        return self.kind in (TargetKind.MEMBER, TargetKind.CHANNEL) and bool(self.id)

    def __str__(self) -> str:
        match self.kind:
            case TargetKind.MEMBER:
                text = f"<@{self.id}>" if self.id else "a former member"
            case TargetKind.CHANNEL:
                text = f"<#{self.id}>"
            case TargetKind.WORD:
                text = self.id
            case _:
                text = f"{self.kind} {self.id}"
        return f"{text} {self.detail}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that an operator does."""

    guild_id: int
    by_user: int
    what: str
    target: Target | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """An act in the log."""

    act: Act
    at: dt.datetime


def note(connection: sa.Connection, act: Act, now: dt.datetime) -> None:
    """Write an act into the log, with the members whom its words mention."""
    values = asdict(act) | {"at": now}
    del values["target"]
    if act.target is not None:
        values["target_kind"] = act.target.kind.value
        values |= {"target_id": act.target.id[:ID_MAX], "target_detail": act.target.detail[:DETAIL_MAX]}
    act_id = connection.execute(acts.insert().values(values).returning(acts.c.id)).scalar_one()
    if mentioned := _mentioned(act):
        connection.execute(act_mentions.insert(), [{"act_id": act_id, "user_id": one} for one in sorted(mentioned)])


def latest(connection: sa.Connection, guild_id: int, limit: int) -> list[Noted]:
    """Return the latest acts in a server, newest first."""
    query = sa.select(acts).where(acts.c.guild_id == guild_id).order_by(acts.c.id.desc()).limit(limit)
    return [_noted(row) for row in connection.execute(query)]


def target_from(row: sa.Row[Any] | sa.RowMapping) -> Target | None:
    """Return what the act of a row of `acts` is about."""
    values = row if isinstance(row, sa.RowMapping) else row._mapping
    if values["target_kind"] is None:
        return None
    return Target(TargetKind(values["target_kind"]), values["target_id"], values["target_detail"])


def about(user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that an act is about a member."""
    return sa.and_(acts.c.target_kind == TargetKind.MEMBER.value, acts.c.target_id == str(user_id))


def forget_member(connection: sa.Connection, user_id: int) -> None:
    """Take a member's name off the log: as who did something, as whom it is about, and out of reasons."""
    connection.execute(acts.update().where(acts.c.by_user == user_id).values(by_user=0))
    connection.execute(acts.update().where(about(user_id)).values(target_id="", target_detail=""))
    mentions = sa.select(act_mentions.c.act_id).where(act_mentions.c.user_id == user_id)
    connection.execute(acts.update().where(acts.c.id.in_(mentions)).values(reason=""))
    is_word = acts.c.target_kind == TargetKind.WORD.value
    former = {"target_kind": TargetKind.MEMBER.value, "target_id": "", "target_detail": ""}
    connection.execute(acts.update().where(acts.c.id.in_(mentions), is_word).values(former))
    connection.execute(act_mentions.delete().where(act_mentions.c.act_id.in_(mentions)))


def _mentioned(act: Act) -> set[int]:
    """Return the ids in an act's reason, and in the word that it is about."""
    word = act.target.id if act.target is not None and act.target.kind is TargetKind.WORD else ""
    return {number for text in ID.findall(f"{act.reason} {word}") if (number := int(text)) <= INTEGER_MAX}


def _noted(row: sa.Row[Any]) -> Noted:
    act = Act(guild_id=row.guild_id, by_user=row.by_user, what=row.what, target=target_from(row), reason=row.reason)
    return Noted(act, row.at)
