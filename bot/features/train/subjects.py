"""A member's own subjects, and those that are shared with them: named, shown, exported."""

from bot.shared.errors import BadParameter, NotYours
from bot.shared.orders.context import RequestContext
from bot.shared.policy import check_words, is_for_adults
from bot.shared.services import Services
from bot.shared.subjects import NotASubject, SubjectGone
from db.errors import FileMissing
from db.file_keys import subject_adapter, subject_picture
from db.moderation.moderation import Policy
from db.people.shares import usable_subjects
from db.people.subjects import NAME_KEY_MAX, Subject, find_subject, name_key, rename_subject, subjects_of_member
from db.queue.finding import find_job


async def export(services: Services, subject: Subject) -> bytes:
    """Return a subject's adapter, as other tools read it.

    Raises:
        SubjectGone: it is not there.
    """
    try:
        return await services.files.get(subject_adapter(subject.id))
    except FileMissing as error:
        raise SubjectGone from error


async def picture_of(services: Services, subject: Subject) -> bytes | None:
    """Return what a subject looks like, if it is known."""
    try:
        return await services.files.get(subject_picture(subject.id))
    except FileMissing:
        return None


async def picture_for(services: Services, subject: Subject, *, age_restricted: bool) -> bytes | None:
    """Return what a subject looks like, where that may be shown: its picture may be from an age-restricted channel.

    Args:
        services: the stores, the catalogue and the rules.
        subject: whose picture it is.
        age_restricted: whether that is such a channel.
    """
    if not age_restricted:
        job = await services.db.read(find_job, subject.job_id)
        if job is not None and is_for_adults(services, job):
            return None
    return await picture_of(services, subject)


async def usable_with_pictures(
    services: Services, context: RequestContext, *, pictured: int
) -> list[tuple[Subject, bytes | None]]:
    """Return the subjects that somebody may use there, their own first, the first ones with what they look like.

    Args:
        services: the stores, the catalogue and the rules.
        context: who asks, and where.
        pictured: how many pictures are read.
    """
    found = await services.db.read(
        usable_subjects, context.user_id, guild_id=context.guild_id, role_ids=context.role_ids
    )
    found.sort(key=lambda subject: subject.owner_id != context.user_id)
    pictures = [
        await picture_for(services, subject, age_restricted=context.age_restricted) for subject in found[:pictured]
    ]
    return [*zip(found, pictures, strict=False), *((subject, None) for subject in found[pictured:])]


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
        NotASubject: there is none, or it is still being trained.
    """
    for subject in await services.db.read(subjects_of_member, user_id):
        if subject.ready and name_key(subject.name) == name_key(name):
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

    Raises:
        BadParameter, NameTaken: that is no name, or the owner has another of that name.
        WordBlocked: it has a word in it that is not used here.
    """
    tidy = tidy_name(name)
    check_words(tidy, policy)
    await services.db.write(rename_subject, subject.id, tidy)
    return tidy
