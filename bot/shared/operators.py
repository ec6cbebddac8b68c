"""Operators: who manages which server, and whether that is one of the operator's own."""

from dataclasses import dataclass

from bot.shared.services import Services
from db.moderation.audit_log import AuditEntry
from db.moderation.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who acts, and for which server."""

    user_id: int
    guild_id: int
    only_guild: bool  # no other server uses this bot

    def entry(self, what: str, target: Target | None = None, reason: str = "") -> AuditEntry:
        """Return an entry of the audit log about something that they do."""
        return AuditEntry(guild_id=self.guild_id, by_user=self.user_id, what=what, target=target, reason=reason)


def at_home(services: Services, operator: Operator) -> bool:
    """Tell whether an operator decides about what belongs to no server: credits, direct messages."""
    return operator.guild_id in services.moderation.homes if services.moderation.homes else operator.only_guild
