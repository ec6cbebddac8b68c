"""LedgerHarness and jobs on one database, with the steps that most tests of them begin with."""

import itertools
from typing import Any

from db.credits.allowance import Allowance
from db.engine import Database
from db.moderation.audit_log import AuditEntry
from db.queue.finding import find_job
from db.queue.job import End, Job, Pace
from db.queue.job_store import JobStore
from db.queue.submission import QueueLimits, Submission
from tests.support.db.ledger import LedgerHarness

RICH = Allowance(daily_credits=100_000, cap_credits=100_000)
DISPATCHER = "dispatcher-1"


def because(reason: str, *, by_user: int = 9) -> AuditEntry:
    """Return an operator's act of granting credits for this reason."""
    return AuditEntry(guild_id=7, by_user=by_user, what="quota grant", reason=reason)


class StoreHarness:
    """Submits, claims and settles jobs with defaults; every member has plenty of credits."""

    def __init__(self, db: Database, allowance: Allowance = RICH) -> None:
        self.db = db
        self.ledger = LedgerHarness(db, allowance)
        self.jobs = JobStore(db)
        self._interactions = itertools.count(1)

    def ask(self, user_id: int = 1, **changes: Any) -> Submission:
        """Return a submission: an image for 4 credits, with some fields changed."""
        limits = QueueLimits(max_queued=changes.pop("max_queued", 2000), max_running=changes.pop("max_running", 2000))
        values: dict[str, Any] = {
            "interaction_id": next(self._interactions),
            "interaction_token": "token",
            "kind": "image",
            "user_id": user_id,
            "guild_id": 7,
            "channel_id": 70,
            "private": False,
            "request": {"prompt": "a red heart"},
            "model": "builtin",
            "price": 4,
            "limits": limits,
            "allowance": self.ledger.allowance,
            "pace": Pace.FAST,
        }
        return Submission(**(values | changes))

    async def submit(self, user_id: int = 1, **changes: Any) -> Job:
        """Submit what `ask` returns."""
        return await self.jobs.submit(self.ask(user_id, **changes))

    async def claim(self, limit: int = 1, **changes: Any) -> list[Job]:
        """Claim images for the dispatcher, for 30 seconds."""
        values: dict[str, Any] = {"owner": DISPATCHER, "kinds": ["image"], "lease_s": 30.0}
        return await self.jobs.claim(limit=limit, **(values | changes))

    async def settle(
        self, job: Job, *, charge: int | None = None, state: str = "done", error_code: str | None = None
    ) -> bool:
        """Settle a claimed job as its dispatcher, at its price unless told otherwise."""
        end = End(state=state, charge=job.price if charge is None else charge, error_code=error_code)
        return await self.jobs.settle(owner=job.lease_owner or "", job_id=job.id, attempt=job.attempt, end=end)

    async def give_back(self, *claimed: Job, blame: bool = False) -> None:
        """Give claimed jobs back as their dispatcher."""
        attempts = {job.id: job.attempt for job in claimed}
        await self.jobs.give_back(owner=DISPATCHER, attempts=attempts, blame=blame)

    async def fresh(self, job: Job) -> Job:
        """Return the job as it is now."""
        found = await self.jobs.db.read(find_job, job.id)
        assert found is not None
        return found

    async def balances(self, user_id: int = 1) -> tuple[int, int]:
        """Return what is available and what is held."""
        statement = await self.ledger.statement(user_id)
        return statement.available, statement.held
