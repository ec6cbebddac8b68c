"""Operators and what they decided: what keeps a request from being taken, before anything is paid for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.shared.errors import Refused
from bot.shared.services import Services
from bot.shared.text.folding import readings
from bot.shared.text.formatting import inline
from db.moderation.audit_log import AuditEntry
from db.moderation.decisions import Decision
from db.moderation.moderation import Policy
from db.moderation.targets import Target
from db.queue.job import Job

PAUSED = "I'm paused for a little while. Jobs in the queue are kept and nothing is charged; please try again later."
PAUSED_WITH_NOTICE = "I'm paused: {}\nJobs in the queue are kept, and nothing is charged."
BANNED = "An operator has banned you from using me here. Please ask them if you think that is a mistake."
CHANNEL_CLOSED = "I can't be used in this channel. Please try another one, or ask an operator where I can be used."
USE_ANOTHER = "I can't be used in this channel. Please try {}."
NAMED_MAX = 5  # channels in a refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who acts, and for which server."""

    user_id: int
    guild_id: int
    only_guild: bool  # no other server uses this bot

    def entry(self, what: str, target: Target | None = None, reason: str = "") -> AuditEntry:
        """Return an entry of the audit log about something that they do."""
        return AuditEntry(guild_id=self.guild_id, by_user=self.user_id, what=what, target=target, reason=reason)

    def at_home(self, services: Services) -> bool:
        """Tell whether they decide about what belongs to no server: credits, direct messages."""
        return self.guild_id in services.moderation.home_guilds(self.guild_id if self.only_guild else None)


def check_place(policy: Policy) -> None:
    """Check whether anything is taken from a member, here and now.

    Raises:
        Refused: they are banned, or the channel is closed, or operators paused it.
    """
    if policy.banned:
        raise Refused(BANNED)
    if not policy.channel_open:
        raise Refused(_closed(policy.allowed_channels))
    if policy.notice is not None:
        raise Refused(PAUSED_WITH_NOTICE.format(policy.notice) if policy.notice else PAUSED)


def _closed(allowed: Sequence[int]) -> str:
    """Say that a channel is closed, and where to go instead."""
    *most, last = [f"<#{channel_id}>" for channel_id in allowed[:NAMED_MAX]] or [""]
    return USE_ANOTHER.format(f"{', '.join(most)} or {last}" if most else last) if last else CHANNEL_CLOSED


def check_words(text: str, policy: Policy) -> None:
    """Check what a member writes for others to see.

    Raises:
        Refused: it has a word in it that is not used here.
    """
    if word := blocked_word(text, policy.words):
        raise Refused(f"The word {inline(word)} is blocked here. Nothing was charged; try again without it.")


def is_for_adults(services: Services, job: Job) -> bool:
    """Tell whether a job's pictures belong in age-restricted channels: it was asked for there, or its model is such."""
    return job.age_restricted or any(
        model.name == job.model and model.age_restricted for model in services.catalogue.images
    )


def blocked_word(text: str, words: Iterable[Decision]) -> str | None:
    """Return the first blocked word that stands in a text on its own, as it was typed by the operator."""
    read = readings(text)
    for word in words:
        patterns = [re.compile(rf"(?<!\w){re.escape(one)}(?!\w)") for one in readings(word.value) if one]
        if any(pattern.search(one) for pattern in patterns for one in read):
            return word.value
    return None
