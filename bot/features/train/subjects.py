"""A member's own subjects, and those that are shared with them: named, shown, exported, shared.

Whoever had one by a share that ended can no longer use it, and what waits or runs with it stops.
"""

from collections.abc import Sequence

from bot.shared.errors import BadParameter, NotASubject, NotYours, SubjectGone
from bot.shared.orders.order_request import RequestContext
from bot.shared.policy import check_words, is_for_adults
from bot.shared.results import read_file
from bot.shared.services import Services
from db.file_keys import subject_adapter, subject_picture
from db.moderation.moderation import Policy
from db.people.shares import Scope, Share, end_share, share_subject, shares_of, usable_subjects
from db.people.subjects import NAME_KEY_MAX, Subject, find_subject, name_key, rename_subject, subjects_of_member
from db.queue.finding import find_job, jobs_of_subject


async def export(services: Services, subject: Subject) -> bytes:
    """Return a subject's adapter, as other tools read it.

    Raises:
        SubjectGone: it is not there.
    """
    if (adapter := await read_file(services, subject_adapter(subject.id))) is None:
        raise SubjectGone
    return adapter


async def picture_for(services: Services, subject: Subject, *, age_restricted: bool) -> bytes | None:
    """Return what a subject looks like, where that may be shown: its picture may be from an age-restricted channel."""
    if not age_restricted:
        job = await services.db.read(find_job, subject.job_id)
        if job is not None and is_for_adults(services, job):
            return None
    return await read_file(services, subject_picture(subject.id))


async def usable_with_pictures(
    services: Services, context: RequestContext, *, pictured: int
) -> list[tuple[Subject, bytes | None]]:
    """Return the subjects that somebody may use there, the first `pictured` with their pictures.

    Those that they are training come first, then the others of their own.
    """
    found = sorted(context.subjects, key=lambda subject: subject.owner_id != context.user_id)
    mine = await services.db.read(subjects_of_member, context.user_id)
    found = [subject for subject in mine if not subject.ready] + found
    pictures = [
        await picture_for(services, subject, age_restricted=context.age_restricted) if index < pictured else None
        for index, subject in enumerate(found)
    ]
    return list(zip(found, pictures, strict=True))


async def own_subject(services: Services, subject_id: str, user_id: int) -> Subject:
    """Return a subject to its owner.

    Raises:
        SubjectGone, NotYours: it is not there, or not theirs.
    """
    subject = await services.db.read(find_subject, subject_id)
    if subject is None:
        raise SubjectGone
    if subject.owner_id != user_id:
        raise NotYours
    return subject


async def own_subject_called(services: Services, name: str, user_id: int) -> Subject:
    """Return a subject to its owner by its name.

    Raises:
        NotASubject: there is none.
    """
    for subject in await services.db.read(subjects_of_member, user_id):
        if name_key(subject.name) == name_key(name):
            return subject
    raise NotASubject


def tidy_name(name: str) -> str:
    """Return a subject's name as it is kept.

    Raises:
        BadParameter: it cannot be called like that.
    """
    tidy = " ".join(name.split())
    if not tidy:
        raise BadParameter("A subject needs a `name`, such as `Rex`.")
    if "," in tidy or ":" in tidy:
        raise BadParameter(
            "A subject's `name` can't have commas or colons: in `/imagine` they separate subjects and weights."
        )
    if len(name_key(tidy)) > NAME_KEY_MAX:  # some letters become several where capitals make no difference
        raise BadParameter("That `name` is too long. Please choose a shorter one.")
    return tidy


async def rename(services: Services, subject: Subject, name: str, policy: Policy) -> str:
    """Call a subject something else, and return how it is written now.

    Args:
        services: the stores, the catalogue and the rules.
        subject: the subject.
        name: as it was typed.
        policy: what operators decided where it is renamed.

    Raises:
        BadParameter, NameTaken: that is no name, or the owner has another of that name.
        Refused: it has a word in it that is not used here.
    """
    tidy = tidy_name(name)
    check_words(tidy, policy)
    await services.db.write(rename_subject, subject.id, tidy)
    return tidy


async def share_with(services: Services, subject: Subject, share: Share, policy: Policy) -> None:
    """Share a subject; again changes nothing.

    Args:
        services: the stores, the catalogue and the rules.
        subject: the subject.
        share: with whom.
        policy: what operators decided where it is shared.

    Raises:
        Refused: it was named elsewhere, and its name or kind has a word in it that is not used here.
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
