"""A member's own jobs: what waits, what is over, and taking one back."""

from dataclasses import dataclass

from bot.shared.cards.job import title
from bot.shared.errors import JobGone, NotYours, Refused
from bot.shared.orders.order_request import RequestContext
from bot.shared.policy import check_place, check_words
from bot.shared.services import Services
from db.queue.fair_order.position import QueuePosition, queue_position
from db.queue.finding import find_job, jobs_of_member
from db.queue.job import Job, State
from inference.requests import from_json

QUEUE_SHOWN = 8  # as many as fit on one card with a button each
NOT_YET = "That job isn't finished yet. `/queue` shows how far it is."
NO_RESULT = "That job gave no result, so there is nothing to show."
PRIVATE_STAYS = "That was made for your eyes only, so I don't show it to everybody. Leave `public` out to see it."
LIVE = (State.QUEUED, State.RUNNING)


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
    for job in reversed(await services.db.read(jobs_of_member, user_id, states=LIVE, limit=QUEUE_SHOWN)):
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


async def find_mine(services: Services, job_id: str, context: RequestContext, *, public: bool) -> Job:
    """Return one of a member's finished jobs, to be shown.

    Args:
        services: the stores, the catalogue and the rules.
        job_id: as it was typed.
        context: who asks, and where.
        public: everybody there is to see it.

    Raises:
        JobGone, NotYours: it is not there, or somebody else's.
        Refused: there is nothing to show, or it is not for everybody there.
    """
    job = await services.db.read(find_job, job_id.strip().strip("`").lower())
    if job is None or job.deleted:
        raise JobGone
    if job.user_id != context.user_id:
        raise NotYours
    if job.state is not State.DONE:
        raise Refused(NO_RESULT if job.final else NOT_YET)
    if public:
        if job.private:
            raise Refused(PRIVATE_STAYS)
        check_place(context.policy)
        check_words(title(from_json(job.request)), context.policy)
    return job
