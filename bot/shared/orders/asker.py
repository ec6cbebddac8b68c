"""What the store knows of somebody who asks for something: read in one go, for the request's context."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from db.moderation.moderation import Moderation, Policy
from db.people.members import find_member
from db.people.shares import usable_subjects
from db.people.subjects import Subject
from db.queue.job import Pace

PACE, PLAIN_WORDS, SUFFIX = "pace", "plain_words", "suffix"  # a member's preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody who asks, in one place."""

    policy: Policy  # what operators decided
    pace: Pace  # which they prefer
    subjects: tuple[Subject, ...]  # which they may use
    plain_words: frozenset[str]  # subjects whose names are words like any others to them
    suffix: str  # the parameters that all their prompts have


def read_asker(
    connection: sa.Connection,
    moderation: Moderation,
    user_id: int,
    *,
    guild_id: int | None,
    role_ids: Collection[int],
    channel_ids: Collection[int],
    only_guild_id: int | None,
) -> Asker:
    """Return what counts for a member there.

    Args:
        connection: the transaction.
        moderation: which servers are at home.
        user_id: the member.
        guild_id: the server; None: a direct message.
        role_ids: theirs, in that server.
        channel_ids: the channel, and of a thread its channel as well.
        only_guild_id: the server that the bot is in, if it is in no other.
    """
    policy = moderation.policy_in(
        connection, user_id, guild_id=guild_id, channel_ids=channel_ids, only_guild_id=only_guild_id
    )
    member = find_member(connection, user_id)
    preferences = member.preferences if member else {}
    return Asker(
        policy=policy,
        pace=Pace(preferences.get(PACE, Pace.FAST)),
        subjects=tuple(usable_subjects(connection, user_id, guild_id=guild_id, role_ids=role_ids)),
        plain_words=frozenset(preferences.get(PLAIN_WORDS, ())),
        suffix=str(preferences.get(SUFFIX, "")),
    )
