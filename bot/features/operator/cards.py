"""What operators see: lists of what was decided, found and done. Only ever shown to the one who asked."""

from collections.abc import Sequence

from bot.features.operator.admin import SearchResult
from bot.shared.cards.job import title
from bot.shared.text.formatting import counted, harmless, inline, moment, plainly
from db.moderation.audit_log import LoggedEntry
from db.moderation.decisions import ChannelRule, Decision
from db.queue.job import Job
from inference.requests import from_json

ONLY_ALLOWED = (
    "**I now work in allowed channels only.** In all others I refuse, and tell members where they can use me."
)
NOT_FORBIDDEN = "I work in all channels but these:"
HOW_TO_CLEAR = (
    "-# `/atelier channels clear` removes a channel's rule. While none is allowed, all that aren't forbidden are open."
)
TEXT_MAX = 1900  # characters of a message, with room to say that there is more


def found_text(found: SearchResult) -> str:
    """List jobs with their ids, owners, places and words."""
    head = [f"Subject {inline(found.subject.name)} of <@{found.subject.owner_id}>"] if found.subject else []
    return _list([*head, *(_job(job) for job in found.jobs)], empty="I found nothing.")


def removed_text(found: SearchResult, messages: int) -> str:
    """Count what was removed."""
    subject = f" The subject {inline(found.subject.name)} is deleted." if found.subject else ""
    live = "" if found.jobs or found.subject else " Running jobs are still stopping; please try again soon."
    return f"Removed {counted(len(found.jobs), 'job')} with files, and {counted(messages, 'message')}.{subject}{live}"


def log_text(logged: Sequence[LoggedEntry]) -> str:
    """List entries of the audit log, newest first."""
    return _list([_entry(one) for one in logged], empty="No entries yet.")


def words_text(words: Sequence[Decision]) -> str:
    """List blocked words."""
    return _list([inline(word.value) for word in words], empty="No words are blocked.")


def channels_text(channels: Sequence[Decision]) -> str:
    """List what was decided for channels."""
    if not channels:
        return "No channel has a rule: I work wherever Discord lets members use me."
    only = any(channel.value == ChannelRule.ALLOWED for channel in channels)
    lines = [f"<#{channel.key}> {channel.value}" for channel in channels]
    return _list([ONLY_ALLOWED if only else NOT_FORBIDDEN, *lines, HOW_TO_CLEAR])


def _job(job: Job) -> str:
    words = inline(title(from_json(job.request)), 60)
    return f"`{job.id}` <@{job.user_id}> <#{job.channel_id}> {moment(job.queued_at)} {job.state} {words}"


def _entry(logged: LoggedEntry) -> str:
    entry = logged.entry
    who = f"<@{entry.by_user}>" if entry.by_user else "a former member"
    target = f" {entry.target if entry.target.is_mention else inline(str(entry.target))}" if entry.target else ""
    reason = f": {plainly(harmless(entry.reason, 100))}" if entry.reason else ""
    return f"{moment(logged.at)} {who} **{entry.what}**{target}{reason}"


def _list(lines: Sequence[str], *, empty: str = "") -> str:
    text, shown = "", 0
    for line in lines:
        if len(text) + len(line) >= TEXT_MAX:
            break
        text, shown = f"{text}{line}\n", shown + 1
    more = f"… and {len(lines) - shown} more" if shown < len(lines) else ""
    return (text + more).strip() or empty
