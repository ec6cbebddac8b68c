"""What operators see: lists of what was decided, found and done. Only ever shown to the one who asked."""

from collections.abc import Sequence

from bot.features.operator.admin import SearchResult
from bot.shared.cards.job import title
from bot.shared.discord.messages import shown_by
from bot.shared.text.formatting import counted, harmless, inline, moment, plainly
from db.moderation.audit_log import LoggedEntry
from db.moderation.decisions import ChannelRule, Decision
from db.moderation.targets import Target, TargetKind
from inference.requests import from_json

ONLY_ALLOWED = (
    "**I now work in allowed channels only.** In all others I refuse, and tell members where they can use me."
)
NOT_FORBIDDEN = "I work in all channels but these:"
HOW_TO_CLEAR = (
    "-# `/atelier channels clear` removes a channel's rule. While none is allowed, all that aren't forbidden are open."
)
TEXT_MAX = 1900  # characters of a message, with room to say that there is more


def removal_text(target: Target, found: SearchResult) -> str:
    """Say what would be removed, before it is: whose, how many, and what goes with it."""
    jobs, messages = len(found.jobs), len(shown_by(found.jobs))
    live = sum(not job.final for job in found.jobs)
    match target.kind:
        case TargetKind.MEMBER:
            what = f"**all {counted(jobs, 'job')} of {target}** in this server" if jobs > 1 else f"the job of {target}"
        case TargetKind.SUBJECT if found.subject is not None:
            made = f" and **the {counted(jobs, 'job')} made with it**, by whomever" if jobs else ""
            what = f"**the subject {inline(found.subject.name)}** of <@{found.subject.owner_id}>{made}"
        case _:
            what = f"the job {inline(title(from_json(found.jobs[0].request)))} of <@{found.jobs[0].user_id}>"
    shown = {0: "", 1: ", and the message that shows it"}.get(messages, f", and the {messages} messages that show them")
    stopped = f" {counted(live, 'job')} still in the queue or running will be stopped." if live else ""
    kept = " Their subjects stay." if found.subjects else ""
    with_what = "its photos, LoRA, pictures" if found.subject else "pictures, transcripts"
    return f"This removes {what}, with {with_what} and files{shown}.{stopped}{kept} It can't be undone."


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
