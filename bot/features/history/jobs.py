"""A member's own jobs: what waits, what is over, and taking one back."""

from dataclasses import dataclass

from bot.shared.errors import JobGone, NotYours
from bot.shared.services import Services
from db.queue.fair_order.position import QueuePosition, queue_position
from db.queue.finding import find_job, jobs_of_member
from db.queue.job import Job, State

HISTORY_SHOWN = 8  # as many as fit on one card with a button each
LIVE = (State.QUEUED, State.RUNNING)
ENDED = (State.DONE, State.FAILED, State.CANCELLED)


class NothingWaits(JobGone):
    """The member has no job that could be cancelled."""

    message = "You have no jobs in the queue."


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A live job with its position in the queue."""

    job: Job
    place: QueuePosition
    wait_s: float | None  # until it begins, or, if it runs, has ended; None: not known yet


async def my_queue(services: Services, user_id: int) -> list[QueuedJob]:
    """Return what a member waits for, oldest first."""
    waiting = []
    for job in reversed(await services.db.read(jobs_of_member, user_id, states=LIVE, limit=HISTORY_SHOWN)):
        place = await services.db.read(queue_position, job.id)
        forecast, queued = services.forecast, job.state is State.QUEUED
        wait_s = forecast.duration_s(job.kind, place.ahead_credits) if queued else forecast.left_s(job)
        waiting.append(QueuedJob(job, place, wait_s))
    return waiting


async def cancel_mine(services: Services, user_id: int, job_id: str | None) -> Job:
    """Take back one of a member's live jobs, the newest if none is named.

    Raises:
        NothingWaits: there is none.
        JobGone, NotYours: the named one is not there, or somebody else's.
    """
    if job_id is None:
        live = await services.db.read(jobs_of_member, user_id, states=LIVE, limit=1)
        if not live:
            raise NothingWaits
        job_id = live[0].id
    job = await services.db.read(find_job, job_id.strip())
    if job is None:
        raise JobGone
    if job.user_id != user_id:
        raise NotYours
    return await services.jobs.cancel(job.id, by_user=user_id)
