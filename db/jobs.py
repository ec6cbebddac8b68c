"""The job store: what the bot and the dispatcher call. Each method is one transaction and, where it moves something, a
wake-up after its commit.

    submit ──► queued ──claim──► running ──settle──► done | failed | cancelled
                 │  ▲                │
              cancel └─give_back, reap┘

Where to read on: `db.submit`, `db.claim`, `db.lease` (beat, settle, give back, cancel), `db.reads`; the order
is decided in `db.fairness` (pure) and kept in `db.schedule`.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import sqlalchemy as sa

from db import claim, clock, foresight, lease, reads, submit
from db.engine import Database
from db.errors import UnknownJob
from db.ids import NO_GUILD
from db.job import Beaten, Changes, End, Job, Limits, Pace, Place, Report, State, Submission, Waiting
from db.ledger import Ledger
from db.schedule import FlowKey
from db.tables import jobs
from db.wake import CHANGED, QUEUED

__all__ = [
    "Beaten",
    "Changes",
    "End",
    "Job",
    "JobStore",
    "Limits",
    "Pace",
    "Place",
    "Report",
    "State",
    "Submission",
    "Waiting",
]


class JobStore:
    """Keep jobs from their acceptance to their delivery."""

    def __init__(self, db: Database, ledger: Ledger) -> None:
        self.db = db
        self.ledger = ledger

    async def submit(self, submission: Submission) -> Job:
        """Accept a request: hold its price and put it in line. The same interaction id again gives the same job.

        Raises NotEnoughCredits, BudgetSpent, TooManyQueued, NameTaken, UnknownOrder; then nothing changed.
        """
        job, is_new = await self.db.write(submit.submit, self.ledger, submission)
        if is_new:
            self._wake(QUEUED, CHANGED)
        return job

    async def claim(
        self, *, owner: str, kinds: Sequence[str], limit: int, lease_s: float, models: Collection[str] = ()
    ) -> list[Job]:
        """Take up to `limit` jobs of these kinds in fair order, leased to `owner` for `lease_s` seconds.

        models: names in memory; a job that wants one may overtake at most `db.fairness.REACH - 1` members of its guild,
        each of them at most `MAX_PASSED` times.
        """
        if limit < 1 or not kinds or not await self.db.read(claim.can_claim, kinds):
            return []
        claimed = await self.db.write(
            partial(claim.claim, owner=owner, kinds=kinds, limit=limit, lease_s=lease_s, models=models)
        )
        if claimed:
            self._wake(CHANGED)
        return claimed

    async def beat(self, *, owner: str, reports: Sequence[Report], lease_s: float) -> Beaten:
        """Renew leases and write progress; learn which jobs are lost or asked to stop."""
        if not reports:
            return Beaten()
        beat = partial(lease.beat, owner=owner, reports=reports, lease_s=lease_s)
        beaten = await self.db.write(beat, urgent=True)
        self._wake(CHANGED)
        return beaten

    async def settle(self, *, owner: str, job_id: str, attempt: int, end: End) -> bool:
        """End a job, charge for it and release the rest. False if the lease was lost: then nothing changes."""
        settled = await self.db.write(
            partial(lease.settle, ledger=self.ledger, owner=owner, job_id=job_id, attempt=attempt, end=end)
        )
        if settled:
            self._wake(CHANGED, QUEUED)  # QUEUED: the member's next job may have become claimable
        return settled

    async def give_back(self, *, owner: str, attempts: Mapping[str, int], blame: bool) -> None:
        """Return running jobs to their place in line. Blamed three times, a job fails and is released.

        attempts: by job id; a job whose attempt is over is left alone.
        """
        for job_id, attempt in attempts.items():
            await self._give_back(owner, job_id, attempt, blame=blame)
        self._wake(QUEUED, CHANGED)

    async def reap(self, *, held: Mapping[str, int] | None = None) -> list[str]:
        """Give back every job whose lease ran out; return their ids. The tenth time, a job fails and is released.

        held: attempts by job id that the caller itself sees through: it is alive, and only late.
        """
        reaped = [
            job_id
            for job_id, owner, attempt in await self.db.read(lease.expired)
            if held is None or held.get(job_id) != attempt
            if await self._give_back(owner, job_id, attempt, blame=False, expired_only=True)
        ]
        if reaped:
            self._wake(QUEUED, CHANGED)
        return reaped

    async def cancel(self, job_id: str, *, by_user: int) -> Job:
        """End a queued job at once, ask a running one to stop, leave one that has ended. Raises UnknownJob.

        A training that waits for another attempt is asked to stop as well: it ends with what it has learnt. Whether
        this user may is the caller's question.
        """
        job = await self.db.write(partial(lease.cancel, ledger=self.ledger, job_id=job_id, by_user=by_user))
        self._wake(CHANGED)
        return job

    async def discard(self, job_id: str, *, by_user: int) -> Job:
        """Note that nothing of a job is to stay, whatever it makes yet, and end it or ask for it. Raises UnknownJob."""
        job = await self.db.write(
            partial(lease.cancel, ledger=self.ledger, job_id=job_id, by_user=by_user, discard=True)
        )
        self._wake(CHANGED)
        return job

    async def stop_at(self, job_id: str, *, by_user: int, step: int) -> Job:
        """Choose the step of a training that its subject is used from; one that is not over ends early.

        Returns the job as it is then; if it has ended, the caller has to carry the choice out. Raises UnknownJob.
        """
        job = await self.db.write(partial(lease.stop_at, ledger=self.ledger, job_id=job_id, by_user=by_user, step=step))
        self._wake(CHANGED)
        return job

    async def get(self, job_id: str) -> Job | None:
        """Return a job by its id."""
        return await self.db.read(reads.by_id, job_id)

    async def by_interaction(self, interaction_id: int) -> Job | None:
        """Return the job that an interaction made."""
        return await self.db.read(reads.by_interaction, interaction_id)

    async def mine(self, user_id: int, *, states: Collection[State | str] | None = None, limit: int = 25) -> list[Job]:
        """Return a member's jobs, newest first; `states` None means all."""
        return await self.db.read(reads.mine, user_id, states, limit)

    async def queued(self, user_id: int, kind: str) -> int:
        """Return how many jobs of a kind a member has waiting in line."""
        return await self.db.read(reads.queued, user_id, kind)

    async def place(self, job_id: str) -> Place:
        """Return how much is served before a queued job. Raises UnknownJob."""
        return await self.db.read(reads.place, job_id)

    async def foresee(self, *, kind: str, pace: Pace, guild_id: int | None, user_id: int) -> Place:
        """Return how much would be served before one more job of this member."""
        return await self.db.read(
            foresight.foresee, FlowKey(kind=kind, pace=pace, guild_id=guild_id or NO_GUILD, user_id=user_id)
        )

    async def waiting(self) -> dict[str, Waiting]:
        """Return how much waits, by kind."""
        return await self.db.read(reads.waiting)

    async def set_message(self, job_id: str, message_id: int) -> None:
        """Remember which message is the job's card."""
        await self._set(job_id, message_id=message_id)

    async def undelivered(self, limit: int = 100, *, after: Job | None = None) -> list[Job]:
        """Return ended jobs that were not delivered yet, oldest first; after: those that follow this one."""
        return await self.db.read(reads.undelivered, limit, after)

    async def delivered(self, job_id: str, *, message_id: int | None, how: str) -> None:
        """Mark a job as delivered. The first time counts; `how` names the rung of the ladder."""
        await self.db.write(_delivered, job_id, message_id, how)

    async def forget_outcome(self, job_id: str) -> None:
        """Drop what a job made, as far as it lies here: the text of a clip, the names of files. Raises UnknownJob."""
        await self._set(job_id, outcome={})

    async def changed_since(self, cursor: dt.datetime | None, seen: Mapping[str, int] | None = None) -> Changes:
        """Return undelivered jobs that changed since the cursor (None: all), and the next cursor.

        seen: revisions by id of what the caller knows, which are left out; others may come again.
        """
        return await self.db.read(reads.changed_since, cursor, seen or {})

    async def _set(self, job_id: str, **values: object) -> None:
        if not await self.db.write(_change, job_id, values):
            raise UnknownJob(job_id)

    async def _give_back(
        self, owner: str, job_id: str, attempt: int, *, blame: bool, expired_only: bool = False
    ) -> bool:
        """Give one job back; one a transaction, which locks one member's account, so two never wait in a circle."""
        give_back = partial(lease.give_back, ledger=self.ledger, owner=owner, job_id=job_id, attempt=attempt)
        return await self.db.write(partial(give_back, blame=blame, expired_only=expired_only))

    def _wake(self, *topics: str) -> None:
        for topic in topics:
            self.db.wake.notify(topic)


def _delivered(connection: sa.Connection, job_id: str, message_id: int | None, how: str) -> None:
    values = {"of": job_id, "moved_s": clock.offset_s(connection), "delivered_how": how}
    connection.execute(_DELIVER, values | ({"message_id": message_id} if message_id is not None else {}))


def _change(connection: sa.Connection, job_id: str, values: dict[str, object]) -> bool:
    return connection.execute(_SET, {"of": job_id} | values).rowcount == 1


_SET = jobs.update().where(jobs.c.id == sa.bindparam("of"))
_DELIVER = _SET.where(jobs.c.delivered_at.is_(None)).values(
    delivered_at=clock.DatabaseTime() + sa.bindparam("moved_s", type_=sa.Double)
)
