"""Removing what was made: jobs are stopped, then their files, clips and rows go. Messages are the platform's part."""

import asyncio
from collections.abc import Sequence

from bot.shared.results import forget_results
from bot.shared.services import Services
from bot.shared.subjects import delete_subject
from db.errors import UnknownJob
from db.people.subjects import Subject
from db.queue.finding import find_job, jobs_of_member
from db.queue.job import Job, State
from db.queue.retention import erase_jobs

STOPPED_WITHIN_S = 20.0  # a running job leaves at its next step; loading a model can take longer
LOOK_EVERY_S = 0.25
LIVE_MAX = 10_000  # jobs of one member; tiers allow far fewer


async def live_jobs(services: Services, user_id: int) -> list[Job]:
    """Return what of a member waits or runs."""
    return await services.db.read(jobs_of_member, user_id, states=(State.QUEUED, State.RUNNING), limit=LIVE_MAX)


async def stop_jobs(services: Services, jobs: Sequence[Job], *, by_user: int) -> list[Job]:
    """Discard those that are live and wait until they have ended; return all as they are then."""
    for job in jobs:
        if not job.final:
            await services.jobs.discard(job.id, by_user=by_user)
    for _ in range(round(STOPPED_WITHIN_S / LOOK_EVERY_S)):
        fresh = await _fresh(services, jobs)
        if all(job.final for job in fresh):
            return fresh
        await asyncio.sleep(LOOK_EVERY_S)
    return await _fresh(services, jobs)  # the caller sees which ones are still live


async def remove_jobs(services: Services, jobs: Sequence[Job]) -> int:
    """Remove the files, clips and rows of jobs that have ended; return how many were removed."""
    ended = [job for job in jobs if job.final]
    for job in ended:
        try:
            await forget_results(services, job)
        except UnknownJob:
            continue  # somebody else removed it meanwhile
    return await services.db.write(erase_jobs, [job.id for job in ended])


async def remove_subject(services: Services, subject: Subject, jobs: Sequence[Job]) -> int:
    """Remove a subject and everything that was made from it, whosever that is; return how many jobs that were."""
    await delete_subject(services, subject)
    return await remove_jobs(services, jobs)


async def _fresh(services: Services, jobs: Sequence[Job]) -> list[Job]:
    found = [await services.db.read(find_job, job.id) for job in jobs]
    return [job for job in found if job is not None]
