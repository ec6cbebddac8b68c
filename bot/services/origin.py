"""Where a request came from, and where its answer goes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from, and where its answer goes."""

    interaction_id: int  # the same id again is the same job, so a replayed event costs nothing
    interaction_token: str  # secret
    user_id: int
    guild_id: int | None
    channel_id: int
    private: bool
    message_id: int | None = None  # of the answer, where the platform told it with its receipt
    role_ids: frozenset[int] = frozenset()  # the member's, in that server
