"""What operators do, in ids: decide, find, remove. Each is written into the audit log, with who did it and why."""

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
from db.people.subjects import Subject, find_subject
from db.queue.finding import find_job, jobs_of_member, jobs_of_subject
from db.queue.job import Job

WORD_MAX = 50  # characters


@dataclass(frozen=True, slots=True)
class Selection:
    """What `find` and `remove` are about: exactly one of these."""

    job_id: str | None = None
    user_id: int | None = None
    subject: str | None = None  # its id

    @property
    def target(self) -> Target:
        """What it is in the log."""
        if self.job_id is not None:
            return Target(TargetKind.JOB, self.job_id.strip())
        if self.subject is not None:
            return Target(TargetKind.SUBJECT, self.subject.strip())
        return Target.member(self.user_id or 0)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was found, newest first."""

    jobs: list[Job]
    subject: Subject | None = None


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


async def find(services: Services, operator: Operator, selection: Selection) -> SearchResult:
    """Return what was asked for in the operator's server. Looking is noted, too.

    Raises:
        BadParameter: not exactly one thing is named.
        JobGone: there is nothing of that name in this server.
    """
    found = await _look(services, operator, selection)
    await services.db.write(log_entry, operator.entry("find", selection.target))
    return found


async def remove(services: Services, operator: Operator, selection: Selection, reason: str) -> SearchResult:
    """Stop and remove what was asked for: files and rows. The caller removes the messages that showed it.

    Args:
        services: the stores, the catalogue and the rules.
        operator: who removes it, and in which server.
        selection: what is removed.
        reason: for the log.

    Returns:
        What was removed, so that its messages can be found.

    Raises:
        BadParameter, JobGone: as `find`.
    """
    found = await _look(services, operator, selection)
    await services.db.write(log_entry, operator.entry("remove", selection.target, reason))
    jobs = [job for job in await stop_jobs(services, found.jobs, by_user=operator.user_id) if job.final]
    if found.subject is not None:
        await delete_subject(services, found.subject)
    await remove_jobs(services, jobs)
    return SearchResult(jobs, found.subject)


async def _look(services: Services, operator: Operator, selection: Selection) -> SearchResult:
    if sum(one is not None for one in (selection.job_id, selection.user_id, selection.subject)) != 1:
        raise BadParameter("Choose exactly one of `job`, `member` and `subject`.")
    if selection.job_id is not None:
        job = await services.db.read(find_job, selection.job_id.strip())
        if job is None or job.guild_id != operator.guild_id:
            raise JobGone("There is no `job` with that ID in this server.")
        return SearchResult([job])
    if selection.subject is not None:
        subject = await services.db.read(find_subject, selection.subject.strip())
        if subject is None or subject.guild_id != operator.guild_id:
            raise JobGone("There is no `subject` with that ID in this server.")
        return SearchResult(await services.db.read(jobs_of_subject, subject.id), subject)
    user_id = selection.user_id or 0
    return SearchResult(await services.db.read(jobs_of_member, user_id, guild_id=operator.guild_id, limit=None))
