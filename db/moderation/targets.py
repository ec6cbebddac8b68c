"""What an entry of the audit log is about: a member, a job, a subject, a channel or a word."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa


class TargetKind(StrEnum):
    """What kind of thing an entry is about."""

    MEMBER = "member"
    JOB = "job"
    SUBJECT = "subject"
    CHANNEL = "channel"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Target:
    """What one entry is about; as text, as operators read it."""

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


def target_from(row: sa.Row[Any] | sa.RowMapping) -> Target | None:
    """Return what the entry in a row of `acts` is about."""
    values = row if isinstance(row, sa.RowMapping) else row._mapping
    if values["target_kind"] is None:
        return None
    return Target(TargetKind(values["target_kind"]), values["target_id"], values["target_detail"])
