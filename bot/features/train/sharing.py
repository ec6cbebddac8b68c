"""Sharing subjects, and ending it: whoever had one by it can no longer use it, and what waits or runs with it stops."""

from collections.abc import Sequence

from bot.shared.policy import check_words
from bot.shared.services import Services
from db.moderation.moderation import Policy
from db.people.shares import Scope, Share, end_share, share_subject, shares_of, usable_subjects
from db.people.subjects import Subject
from db.queue.finding import jobs_of_subject


async def share_with(services: Services, subject: Subject, share: Share, policy: Policy) -> None:
    """Share a subject; again changes nothing.

    Raises:
        WordBlocked: it was named elsewhere, and its name or kind has a word in it that is not used here.
    """
    check_words(f"{subject.name} {subject.class_noun}", policy)
    await services.db.write(share_subject, subject.id, share)


async def take_back(services: Services, subject: Subject, shares: Sequence[Share]) -> None:
    """End shares of a subject, and stop what others have drawn with it just now; that costs them nothing."""
    for share in shares:
        await services.db.write(end_share, subject.id, share)
    left = await services.db.read(shares_of, subject.id)
    roles = [share.target_id for share in left if share.scope is Scope.ROLE]  # whoever may have one goes on
    for job in await services.db.read(jobs_of_subject, subject.id):
        if job.final or job.user_id == subject.owner_id:
            continue
        if not await services.db.read(
            usable_subjects, job.user_id, guild_id=job.guild_id, role_ids=roles, subject_id=subject.id
        ):
            await services.jobs.cancel(job.id, by_user=subject.owner_id)
