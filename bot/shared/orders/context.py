"""Who asks for something, where, and what counts for them there."""

from dataclasses import dataclass

from bot.shared.tiers import Terms
from db.moderation.moderation import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Who asks for something, where, and what counts for them there: resolved once, as they ask, and handed on."""

    interaction_id: int  # the same id again is the same job, so a replayed event costs nothing; or a message's id
    interaction_token: str  # secret; empty: a message asked, and there is no interaction to answer
    user_id: int
    guild_id: int | None  # None: a direct message
    channel_id: int
    private: bool  # only they see the result
    terms: Terms  # what their tiers entitle them to
    policy: Policy  # what operators decided
    role_ids: frozenset[int] = frozenset()  # theirs, in that server; subjects are shared with roles
    age_restricted: bool = False  # the channel is
    channel_ids: frozenset[int] = frozenset()  # the channel's, and of a thread its channel's: what operators decide by
    only_guild_id: int | None = None  # the server that the bot is in, if it is in no other
    message_id: int | None = None  # of the answer, where the platform told it with its receipt

    @property
    def may_be_asked(self) -> bool:
        """Whether somebody asked for it themselves; else it was said where all clips become text."""
        return bool(self.interaction_token) or self.guild_id is None
