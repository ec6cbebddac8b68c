"""What is to become a job."""

from dataclasses import dataclass
from typing import Any

from db.credits.allowance import Allowance
from db.credits.budgets import Budget
from db.people.new_subject import NewSubject
from db.queue.job import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """What one member may have at once, of one kind of job."""

    max_queued: int  # waiting in the queue
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
    allowance: Allowance  # the member's, by their tier; what is due comes first
    limits: QueueLimits
    pace: Pace = Pace.FAST
    work: int | None = None  # credits of work for the fair order; None: the price (a free job is still work)
    token_lifetime_s: float = 900.0  # the platform's 15 minutes
    source_job_id: str | None = None
    message_id: int | None = None  # the card, where the platform told it with its receipt
    age_restricted: bool = False  # the channel is
    budget: Budget | None = None  # of the guild; None: no limit
    weight: float = 1.0  # the member's share among those of the guild
    guild_weight: float = 1.0  # the guild's share among guilds
    forecast_s: float | None = None  # what the member was told: seconds from here to the end
    credit_s: float | None = None  # seconds that a credit of work takes of late, by which that is foretold if not said
    order_id: str | None = None  # the pending order that it was, which goes in the same transaction
    subject: NewSubject | None = None  # what a training makes, with the consent to it; its row is made with the job's
