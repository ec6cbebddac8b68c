"""Moderation: channels, decisions, acts, act_mentions, acceptances."""

import sqlalchemy as sa

from db.tables.columns import Instant, Number, flag_column, id_column, metadata

# What an operator decided for a channel; one that nobody decided about has no row.
channels = sa.Table(
    "channels",
    metadata,
    id_column("channel_id", primary_key=True),
    id_column("guild_id"),
    flag_column("transcribed"),  # voice messages become text without being asked for
    id_column("decided_by"),
    sa.Column("decided_at", Instant, nullable=False),
)

# What operators decided for a server (`db.moderation.decisions`); one that nobody decided anything about has no row.
decisions = sa.Table(
    "decisions",
    metadata,
    id_column("guild_id", primary_key=True),  # 0: direct messages
    sa.Column("kind", sa.String(8), primary_key=True),  # pause, ban, word, channel
    sa.Column("key", sa.String(64), primary_key=True),  # whom or what: a member, a folded word, a channel
    sa.Column("value", sa.Text, nullable=False),  # the notice, the reason, the word as typed, allowed or forbidden
    id_column("by_user"),
    sa.Column("at", Instant, nullable=False),
)

# Every act of an operator, in the same transaction as what it did.
acts = sa.Table(
    "acts",
    metadata,
    sa.Column("id", Number, primary_key=True),  # counts up
    id_column("guild_id"),
    id_column("by_user"),  # 0: somebody who has left
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("target_kind", sa.String(8)),  # member, job, subject, channel, word; NULL: it is about nothing of these
    sa.Column("target_id", sa.String(100), nullable=False, server_default=""),  # "": a member who has left
    sa.Column("target_detail", sa.String(40), nullable=False, server_default=""),  # an amount of credits
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_acts_guild", "guild_id", "id"),
    sa.Index("ix_acts_by_user", "by_user"),
    sa.Index("ix_acts_target", "target_kind", "target_id"),
)

# Whom the words of an act mention, by id: what is to be forgotten with a member.
act_mentions = sa.Table(
    "act_mentions",
    metadata,
    id_column("user_id", primary_key=True),
    sa.Column("act_id", Number, sa.ForeignKey("acts.id", ondelete="CASCADE"), primary_key=True),
    sa.Index(None, "act_id"),
)

# Which licences a member accepted, of models that ask for it.
acceptances = sa.Table(
    "acceptances",
    metadata,
    id_column("user_id", primary_key=True),
    sa.Column("model", sa.String(200), primary_key=True),
    sa.Column("licence", sa.String(200), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
