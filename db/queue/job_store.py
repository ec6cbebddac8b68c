"""The job store: what moves a job. Each method is one transaction for each job, and a wake-up after its commit."""

from collections.abc import Collection, Mapping, Sequence

from db.engine import Database
from db.queue import claim, lease
from db.queue.heartbeat import HeartbeatReply, Report, heartbeat
from db.queue.job import End, Job
from db.queue.lease import Settled
from db.queue.submission import Submission
from db.queue.submit import submit_together
from db.wake import CHANGED, ENDED, QUEUED


class JobStore:
    """Move jobs from their acceptance to their end, and wake whoever waits for that."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def submit(self, submission: Submission, *beside: Submission) -> Job:
        """Accept a request: hold its price and put it in the queue. The same interaction id again gives the same job.

        beside: requests that are accepted together with it, all or none.

        Raises:
            NotEnoughCredits, BudgetSpent, TooManyQueued, NameTaken, TooManySubjects: not now; nothing changed.
            UnknownOrder: the pending order that it was is gone; nothing changed.
        """
        job, is_new = await self.db.write(submit_together, (submission, *beside))
        if is_new:
            self._wake(QUEUED, CHANGED)
        return job

    async def claim(
        self, *, owner: str, kinds: Sequence[str], limit: int, lease_s: float, models: Collection[str] = ()
    ) -> list[Job]:
        """Take the next jobs in fair order.

        Args:
            owner: the dispatcher that they are leased to.
            kinds: of these kinds only.
            limit: how many at most.
            lease_s: for how many seconds.
            models: names in memory; a job that wants one may overtake at most `fairness.REACH - 1` members of its
                guild, each of them at most `MAX_PASSED` times.
        """
        if limit < 1 or not kinds:
            return []
        claimed = await self.db.write_unsynced(  # undone, the jobs wait again
            claim.claim, owner=owner, kinds=kinds, limit=limit, lease_s=lease_s, models=models
        )
        if claimed:
            self._wake(CHANGED)
        return claimed

    async def heartbeat(self, *, owner: str, reports: Sequence[Report], lease_s: float) -> HeartbeatReply:
        """Renew leases and write progress; learn which jobs are lost or asked to stop."""
        if not reports:
            return HeartbeatReply()
        reply = await self.db.write_urgently(heartbeat, owner=owner, reports=reports, lease_s=lease_s)
        self._wake(CHANGED)
        return reply

    async def settle(self, *, owner: str, job_id: str, attempt: int, end: End) -> bool:
        """End a job, charge for it and release the rest. False if the lease was lost: then nothing changes.

        Args:
            owner: whose lease it is.
            job_id: the job.
            attempt: of which it is the end.
            end: how it ended, and what it costs.
        """
        settled = await self.db.write(lease.settle, owner=owner, job_id=job_id, attempt=attempt, end=end)
        if settled:
            self._wake(CHANGED, ENDED)
        if settled is Settled.NEXT_MAY_COME:
            self._wake(QUEUED)
        return settled is not None

    async def give_back(self, *, owner: str, attempts: Mapping[str, int], blame: bool) -> None:
        """Return running jobs to their place in the queue. Blamed three times, a job fails and is released.

        attempts: by job id; a job whose attempt is over is left alone.
        """
        for job_id, attempt in attempts.items():  # one a transaction: it locks one member's account, so no circle waits
            await self.db.write(lease.give_back, owner=owner, job_id=job_id, attempt=attempt, blame=blame)
        self._wake(QUEUED, CHANGED, ENDED)

    async def reap(self, *, held: Mapping[str, int] | None = None) -> list[str]:
        """Give back every job whose lease ran out; return their ids. The tenth time, a job fails and is released.

        held: attempts by job id that the caller itself runs: it is alive, and only late.
        """
        expired = await self.db.read(lease.expired)
        theirs = [one for one in expired if held is None or held.get(one.job_id) != one.attempt]
        reaped = [one.job_id for one in theirs if await self.db.write(lease.reap, one)]
        if reaped:
            self._wake(QUEUED, CHANGED, ENDED)
        return reaped

    async def reap_of(self, owner: str) -> list[str]:
        """Give back every job of an owner that is known to have ended, as `reap` does; return their ids."""
        leases = await self.db.read(lease.leases_of, owner)
        reaped = [one.job_id for one in leases if await self.db.write(lease.reap, one, owner_ended=True)]
        if reaped:
            self._wake(QUEUED, CHANGED, ENDED)
        return reaped

    async def cancel(self, job_id: str, *, by_user: int) -> Job:
        """End a queued job at once, ask a running one to stop, leave one that has ended.

        A training that waits for another attempt is asked to stop as well: it ends with what it has learnt. Whether
        this user may is the caller's question.

        Raises:
            UnknownJob: there is none.
        """
        return await self._stop(job_id, by_user)

    async def discard(self, job_id: str, *, by_user: int) -> Job:
        """Note that nothing of a job is to stay, whatever it makes yet, and end it or ask for it.

        Raises:
            UnknownJob: there is none.
        """
        return await self._stop(job_id, by_user, discard=True)

    async def stop_at(self, job_id: str, *, by_user: int, step: int) -> Job:
        """Choose the step of a training that its subject is used from; one that is not over ends early.

        Returns:
            The job as it is then; if it has ended, the caller has to carry the choice out.

        Raises:
            UnknownJob: there is none.
        """
        job = await self.db.write(lease.stop_at, job_id, by_user=by_user, step=step)
        self._wake(CHANGED)
        return job

    async def _stop(self, job_id: str, by_user: int, *, discard: bool = False) -> Job:
        job = await self.db.write(lease.cancel, job_id, by_user=by_user, discard=discard)
        self._wake(CHANGED, ENDED)
        return job

    def _wake(self, *topics: str) -> None:
        for topic in topics:
            self.db.wake.notify(topic)
