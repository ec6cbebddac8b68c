"""What operators do, in ids: decide, find, remove. Each is written into the audit log, with who did it and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.shared.errors import BadParameter, JobGone
from bot.shared.policy import Operator
from bot.shared.results import delete_subject, live_jobs, remove_jobs, stop_jobs
from bot.shared.services import Services
from bot.shared.text.folding import fold
from db.ids import NO_GUILD
from db.moderation.audit_log import log_entry
from db.moderation.decisions import Topic, decide
from db.moderation.targets import Target, TargetKind
from db.people.subjects import Subject, find_subject, subjects_of_member
from db.queue.finding import find_job, jobs_of_member, jobs_of_subject
from db.queue.job import Job

WORD_MAX = 50  # characters


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was found, newest first."""

    jobs: list[Job]
    subject: Subject | None = None  # the one that was looked for
    subjects: Sequence[Subject] = ()  # of the member who was looked for


async def pause(services: Services, operator: Operator, notice: str) -> None:
    """Claim nothing more for the operator's server; what runs ends, what waits keeps its place.

    Direct messages are paused with it where the operator decides about them.
    """
    places = (operator.guild_id, NO_GUILD) if operator.at_home(services) else (operator.guild_id,)
    await services.db.write(decide, operator.entry("pause", reason=notice), Topic.PAUSE, "", notice, places=places)


async def resume(services: Services, operator: Operator) -> bool:
    """Go on; return whether it was paused."""
    # Where nobody said which servers are at home, direct messages may have been paused before another server came.
    direct = operator.at_home(services) or not services.moderation.homes
    places = (operator.guild_id, NO_GUILD) if direct else (operator.guild_id,)
    return await services.moderation.take_back(operator.entry("resume"), Topic.PAUSE, "", places=places)


async def ban(services: Services, operator: Operator, user_id: int, reason: str) -> None:
    """Take nothing more from a member, and cancel what they have waiting or running in the operator's server.

    Args:
        services: the stores, the catalogue and the rules.
        operator: who bans them, and in which server.
        user_id: the member.
        reason: for the log.
    """
    await services.db.write(
        decide, operator.entry("ban", Target.member(user_id), reason), Topic.BAN, str(user_id), reason
    )
    for job in await live_jobs(services, user_id):
        if job.guild_id == operator.guild_id:
            await services.jobs.cancel(job.id, by_user=operator.user_id)


async def block_word(services: Services, operator: Operator, word: str) -> str:
    """Block a word, or several that follow each other; return it as it was typed, with single spaces.

    Raises:
        BadParameter: nothing is left of it.
    """
    key, typed = fold(word), " ".join(word.split())
    if not key or len(key) > WORD_MAX:
        raise BadParameter(f"`word` needs letters in it, and can have at most {WORD_MAX} characters.")
    await services.db.write(decide, operator.entry("words add", Target(TargetKind.WORD, typed)), Topic.WORD, key, typed)
    return typed


def target_of(*, job_id: str | None, user_id: int | None, subject_id: str | None) -> Target:
    """Return what `find` and `remove` are about.

    Raises:
        BadParameter: not exactly one thing is named.
    """
    named = [
        *([Target(TargetKind.JOB, job_id.strip())] if job_id is not None else []),
        *([Target.member(user_id)] if user_id is not None else []),
        *([Target(TargetKind.SUBJECT, subject_id.strip())] if subject_id is not None else []),
    ]
    if len(named) != 1:
        raise BadParameter("Choose exactly one of `job`, `member` and `subject`.")
    return named[0]


async def find(services: Services, operator: Operator, target: Target) -> SearchResult:
    """Return what was asked for in the operator's server. Looking is noted, too.

    Raises:
        JobGone: there is nothing of that name in this server.
    """
    found = await look(services, operator, target)
    await services.db.write(log_entry, operator.entry("find", target))
    return found


async def remove(services: Services, operator: Operator, target: Target, reason: str) -> SearchResult:
    """Stop and remove what was asked for: files and rows. The caller removes the messages that showed it.

    Args:
        services: the stores, the catalogue and the rules.
        operator: who removes it, and in which server.
        target: what is removed.
        reason: for the log.

    Returns:
        What was removed, so that its messages can be found.

    Raises:
        JobGone: as `find`.
    """
    found = await look(services, operator, target)
    await services.db.write(log_entry, operator.entry("remove", target, reason))
    jobs = [job for job in await stop_jobs(services, found.jobs, by_user=operator.user_id) if job.final]
    if found.subject is not None:
        await delete_subject(services, found.subject)
    await remove_jobs(services, jobs)
    return SearchResult(jobs, found.subject)


async def look(services: Services, operator: Operator, target: Target) -> SearchResult:
    """Return what would be found, or removed: what belongs to the operator's server, and nothing else.

    Raises:
        JobGone: there is nothing of that name in this server.
    """
    if target.kind is TargetKind.JOB:
        job = await services.db.read(find_job, target.id)
        if job is None or job.guild_id != operator.guild_id:
            raise JobGone("There is no `job` with that ID in this server.")
        return SearchResult([job])
    if target.kind is TargetKind.SUBJECT:
        subject = await services.db.read(find_subject, target.id)
        if subject is None or subject.guild_id != operator.guild_id:
            raise JobGone("There is no `subject` with that ID in this server.")
        return SearchResult(await services.db.read(jobs_of_subject, subject.id), subject)
    jobs = await services.db.read(jobs_of_member, int(target.id), guild_id=operator.guild_id, limit=None)
    everywhere = await services.db.read(subjects_of_member, int(target.id))
    subjects = [one for one in everywhere if one.guild_id == operator.guild_id]
    if not (jobs or subjects):
        raise JobGone(f"{target} has no jobs in this server.")
    return SearchResult(jobs, subjects=subjects)
