"""Finished pictures that others are made from: whether one is there, and may be had by somebody, where they ask."""

from dataclasses import dataclass

from bot.shared.errors import JobGone, NotYours, Refused
from bot.shared.orders.order_request import RequestContext
from bot.shared.policy import is_for_adults
from bot.shared.results import picture_names
from bot.shared.services import Services
from db.file_keys import job_file
from db.queue.job import Job, State
from inference.checks import WITHHELD, FlaggedAction, check_of, place_kind, withheld_names

FOR_ADULTS = "That picture is from an age-restricted channel. Please {} in such a channel."
FLAGGED = "My picture checker flagged that picture, so I can't {} here. Nothing was charged."


class PictureGone(JobGone):
    """A picture was deleted, or its job never had so many."""

    message = "I no longer have that picture, so I can't use it."


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePicture:
    """A picture of a finished job."""

    key: str  # its file key
    flags: tuple[str, ...]  # the labels by which a checker flagged it: what comes of it has them as well


async def source_picture(
    services: Services, job: Job, number: int, context: RequestContext, *, use: str
) -> SourcePicture:
    """Return a picture of a job, if it is there and may be had.

    Args:
        services: the stores, the catalogue and the rules.
        job: the job that made it.
        number: which of its pictures, from 1.
        context: who asks, and where.
        use: what is to be done, for sentences: 'upscale it'.

    Raises:
        PictureGone: it was deleted, or there never was one.
        NotYours, Refused: it cannot be had by them, or not here.
    """
    check_may_use(services, job, context, use=use)
    gone, names = PictureGone(f"I no longer have that picture, so I can't {use}."), picture_names(job)
    if job.state is not State.DONE or job.deleted or not 0 < number <= len(names):
        raise gone
    name = names[number - 1]
    if not await services.files.exists(key := job_file(job.id, name)):
        raise gone
    meta = job.outcome["files"][name]
    check = check_of(meta)
    place = place_kind(context.guild_id, age_restricted=context.age_restricted)
    if meta.get(WITHHELD) or services.check_rules.action(check, place) is FlaggedAction.WITHHOLD:
        raise Refused(FLAGGED.format(use))
    return SourcePicture(key=key, flags=() if check is None else check.flags)


def check_may_use(services: Services, job: Job, context: RequestContext, *, use: str) -> None:
    """Check whether somebody may have a job's pictures, where they ask.

    Args:
        services: the catalogue and the rules.
        job: the job.
        context: who asks, and where.
        use: as for `source_picture`.

    Raises:
        NotYours: they are private, and somebody else's.
        Refused: they belong in age-restricted channels, and this is none.
    """
    if job.private and context.user_id != job.user_id:
        raise NotYours
    if is_for_adults(services, job) and not context.age_restricted:
        raise Refused(FOR_ADULTS.format(use))


def numbers_shown(job: Job) -> tuple[int, ...]:
    """Return which pictures a finished job has that are not withheld, by their numbers from 1."""
    if job.state is not State.DONE or job.deleted:
        return ()
    withheld = withheld_names(job.outcome.get("files", {}))
    return tuple(number for number, name in enumerate(picture_names(job), 1) if name not in withheld)
