"""A job: a frozen record, the only form in which one leaves this room."""

import datetime as dt
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from db.tables import jobs


class State(StrEnum):
    """Where a job stands. The last three are final."""

    QUEUED = "queued"  # paid for, and waits
    RUNNING = "running"  # a dispatcher holds its lease
    DONE = "done"  # made and charged
    FAILED = "failed"  # gave nothing; what was not worked for is released
    CANCELLED = "cancelled"  # somebody asked; what was not worked for is released


DELETED = "deleted"  # how a job was delivered whose result is not wanted any more
MAX_BLAMED = 3  # a job that was running at the death of so many workers is taken for their murderer
# A lease that runs out says only that a dispatcher went silent: somebody stopped it, its machine froze, or the job took
# all of it down. A few count like one death of a worker where jobs share workers.
EXPIRATIONS_A_BLAME = 4
FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED})


class Pace(StrEnum):
    """How urgent a job is; glossary: a *lane* is one picture being denoised, so this is not called one."""

    FAST = "fast"  # in fair order
    RELAXED = "relaxed"  # when nobody fast waits, with a small floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One accepted request, as it stood when it was read."""

    id: str  # 26 characters, sorts by time
    interaction_id: int  # unique
    interaction_token: str  # secret; never log it
    token_expires_at: dt.datetime
    kind: str  # image, train, transcribe, upscale
    pace: Pace
    state: State
    user_id: int
    guild_id: int | None  # None: a direct message
    channel_id: int
    message_id: int | None  # the card, once it is known
    private: bool  # only its owner may see the result
    age_restricted: bool  # the channel was, when it was asked for
    request: dict[str, Any]
    model: str
    price: int  # credits held for it
    work: int  # credits of work, at least 1
    charged: int  # credits taken in the end, at most the price
    seq: int  # its number in its queue; keeps its place when it is given back
    attempt: int  # how often it was claimed; a lease is valid for one attempt
    blamed: int  # attempts that ended with a dead worker
    lease_owner: str | None  # the dispatcher that runs or last ran it
    lease_until: dt.datetime | None
    progress_done: int  # steps
    progress_total: int  # steps; 0: unknown
    preview: int  # how many previews were written; the last is the file jobs/<id>/preview.webp
    error_code: str | None
    error_text: str | None
    outcome: dict[str, Any]  # seeds, seconds, file names, text …
    cancel_requested: bool  # somebody wants it stopped while it runs
    cancelled_by: int | None  # who
    queued_at: dt.datetime
    started_at: dt.datetime | None  # of the last attempt
    ended_at: dt.datetime | None
    delivered_at: dt.datetime | None
    delivered_how: str | None  # which method of delivery, or DELETED
    source_job_id: str | None  # the job that this one varies or repeats
    revision: int  # +1 at each change that the card shows
    changed_at: dt.datetime
    forecast_s: float | None = None  # what its member was told: seconds from its acceptance to its end
    budget_day: str | None = None  # for which day of its guild's budget the hold counts
    expirations: int = 0  # attempts that ended with a dispatcher's silence
    withheld: int = 0  # of its pictures: a checker flagged them, they cost nothing, and only operators see them

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.state in FINAL

    @property
    def deleted(self) -> bool:
        """Whether nothing that it made, or makes yet, is to stay."""
        return self.delivered_how == DELETED

    @property
    def suspicion(self) -> int:
        """How many deaths of workers it may be to blame for; those that nobody saw count in part."""
        return max(self.blamed, self.expirations // EXPIRATIONS_A_BLAME)

    @property
    def may_fail_again(self) -> bool:
        """Whether it will be tried again, if its present attempt is blamed on it."""
        return self.blamed + 1 < MAX_BLAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a job ended."""

    state: State | str  # done, failed or cancelled
    charge: int  # credits, at most the price; the rest is released
    outcome: dict[str, Any] = field(default_factory=dict)
    error_code: str | None = None
    error_text: str | None = None
    withheld: int = 0  # pictures


_COLUMNS = tuple(column.name for column in jobs.c)
_UNTOLD = set(_COLUMNS) - {field.name for field in fields(Job)}


def job_from(row: sa.Row[Any]) -> Job:
    """Return the record of a row that begins with the columns of `jobs`."""
    values = dict(zip(_COLUMNS, row, strict=False))
    for name in _UNTOLD:
        del values[name]
    values["guild_id"] = values["guild_id"] or None
    values["state"] = State(values["state"])
    values["pace"] = Pace(values["pace"])
    return Job(**values)
