"""Where a request came from, and where its answer goes."""

from dataclasses import dataclass

from db.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from, and where its answer goes."""

    interaction_id: int  # the same id again is the same job, so a replayed event costs nothing; or a message's id
    interaction_token: str  # secret; empty: a message asked, and there is no interaction to answer
    user_id: int
    guild_id: int | None
    channel_id: int
    private: bool
    message_id: int | None = None  # of the answer, where the platform told it with its receipt
    parent_id: int | None = None  # of a thread: its channel
    age_restricted: bool = False  # the channel is
    role_ids: frozenset[int] = frozenset()  # the member's, in that server
    only_guild_id: int | None = None  # the server that the bot is in, if it is in no other


def by_message(job: Job) -> bool:
    """Tell whether a message asked for the job: a clip in a direct message, or in a channel where all become text."""
    return not job.interaction_token


def overheard(job: Job) -> bool:
    """Tell whether nobody asked for the job: an operator decided that clips in that channel become text."""
    return by_message(job) and job.guild_id is not None
