"""A job and everything said about one: frozen records, the only form in which jobs leave this room."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from db.allowance import Allowance
from db.budgets import Budget
from db.subjects import Draft


class State(StrEnum):
    """Where a job stands. The last three are final."""

    QUEUED = "queued"  # paid for, waits in line
    RUNNING = "running"  # a dispatcher holds its lease
    DONE = "done"  # made and charged
    FAILED = "failed"  # gave nothing; what was not worked for is released
    CANCELLED = "cancelled"  # somebody asked; what was not worked for is released


DELETED = "deleted"  # how a job was delivered whose result is not wanted any more
FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED})


class Pace(StrEnum):
    """How urgent a job is; glossary: a *lane* is one picture being denoised, so this is not called one."""

    FAST = "fast"  # in fair order
    RELAXED = "relaxed"  # when nobody fast waits, with a small floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one member may have at once, of one kind of job."""

    max_queued: int  # waiting in line
    max_running: int  # being worked on


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request that was priced and wants to become a job."""

    interaction_id: int  # makes it unique: the same id again is the same job
    interaction_token: str  # the platform's 15-minute permission to answer; secret
    kind: str
    user_id: int
    guild_id: int | None  # None: a direct message
    channel_id: int
    private: bool
    request: dict[str, Any]  # as JSON
    model: str
    price: int  # credits, held until the job ends
    limits: Limits
    pace: Pace = Pace.FAST
    work: int | None = None  # credits of work for the fair order; None: the price (a free job is still work)
    token_lifetime_s: float = 900.0  # the platform's 15 minutes
    source_job_id: str | None = None
    message_id: int | None = None  # the card, where the platform told it with its receipt
    age_restricted: bool = False  # the channel is
    allowance: Allowance | None = None  # the member's, by their tier; None: the ledger's own
    budget: Budget | None = None  # of the guild; None: no limit
    weight: float = 1.0  # the member's share among those of the guild
    guild_weight: float = 1.0  # the guild's share among guilds
    forecast_s: float | None = None  # what the member was told: seconds from here to the end
    order_id: str | None = None  # the pending order that it was, which goes in the same transaction
    subject: Draft | None = None  # what a training makes, with the consent to it; its row is made with the job's


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One accepted request, as it stood when it was read."""

    id: str  # 26 characters, sorts by time
    interaction_id: int  # unique
    interaction_token: str  # secret; never log it
    token_expires_at: dt.datetime
    kind: str  # image, train, transcribe
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
    seq: int  # its number in its line; keeps its place when it is given back
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
    delivered_how: str | None  # which rung of the delivery ladder, or DELETED
    source_job_id: str | None  # the job that this one varies or repeats
    revision: int  # +1 at each change that the card shows
    changed_at: dt.datetime
    forecast_s: float | None = None  # what its member was told: seconds from its acceptance to its end
    budget_day: str | None = None  # for which day of its guild's budget the hold counts
    expirations: int = 0  # attempts that ended with a dispatcher's silence

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.state in FINAL

    @property
    def deleted(self) -> bool:
        """Whether nothing that it made, or makes yet, is to stay."""
        return self.delivered_how == DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a dispatcher says about one running job at a beat."""

    job_id: str
    attempt: int
    done: int  # steps
    total: int  # steps
    preview: bool = False  # a new preview file was written


@dataclass(frozen=True, slots=True, kw_only=True)
class Beaten:
    """What a dispatcher must stop."""

    lost: frozenset[str] = frozenset()  # not its own any more
    cancelled: frozenset[str] = frozenset()  # asked to stop; still its own to settle
    skipped: frozenset[str] = frozenset()  # somebody was at it: its report is to be repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a job ended."""

    state: State | str  # done, failed or cancelled
    charge: int  # credits, at most the price; the rest is released
    outcome: dict[str, Any] = field(default_factory=dict)
    error_code: str | None = None
    error_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How much is served before a queued job, if nobody else comes; an estimate, exact for jobs of equal work."""

    ahead: int  # jobs
    ahead_credits: int  # credits of work


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits in one line."""

    jobs: int
    credits: int  # of work


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Jobs whose card may need an edit, and where to look on from."""

    jobs: list[Job]
    cursor: dt.datetime
