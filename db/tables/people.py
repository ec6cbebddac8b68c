"""People: members and where they were seen; subjects ─ subject_shares, consents."""

import sqlalchemy as sa

from db.tables.columns import Instant, id_column, metadata

members = sa.Table(
    "members",
    metadata,
    id_column("user_id", primary_key=True),
    sa.Column("locale", sa.String(16)),
    sa.Column("preferences", sa.JSON, nullable=False),
    sa.Column("first_seen_at", Instant, nullable=False),
    sa.Column("last_seen_at", Instant, nullable=False),
)

member_guilds = sa.Table(
    "member_guilds",
    metadata,
    sa.Column("user_id", sa.BigInteger, sa.ForeignKey("members.user_id", ondelete="CASCADE"), primary_key=True),
    id_column("guild_id", primary_key=True),
    sa.Column("last_seen_at", Instant, nullable=False),
)

# What somebody taught a model. A subject exists from the moment its training was paid for.
subjects = sa.Table(
    "subjects",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    id_column("owner_id"),
    id_column("guild_id"),  # where it was made; 0 in a direct message
    sa.Column("name", sa.String(32), nullable=False),  # as the owner wrote it
    sa.Column("name_key", sa.String(64), nullable=False),  # casefolded: one owner has no two that sound the same
    sa.Column("class_noun", sa.String(32), nullable=False),
    sa.Column("trigger", sa.String(16), nullable=False),
    sa.Column("model", sa.String(200), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),  # training, ready
    sa.Column("job_id", sa.String(26), nullable=False, unique=True),  # its training
    sa.Column("step", sa.Integer),  # of the training, at which the adapter was taken
    sa.Column("photos", sa.Integer, nullable=False),
    sa.Column("keeps_photos", sa.Boolean, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("owner_id", "name_key"),
    sa.CheckConstraint("state IN ('training', 'ready')", name="state"),
)

subject_shares = sa.Table(
    "subject_shares",
    metadata,
    sa.Column("subject_id", sa.String(26), sa.ForeignKey("subjects.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("scope", sa.String(6), primary_key=True),  # member, role, guild
    id_column("target_id", primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.CheckConstraint("scope IN ('member', 'role', 'guild')", name="scope"),
)
sa.Index("ix_subject_shares_target", subject_shares.c.scope, subject_shares.c.target_id)

# Who said that the photos may be used, when, in which words, and for which bytes.
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("subject_id", sa.String(26), sa.ForeignKey("subjects.id", ondelete="CASCADE"), primary_key=True),
    id_column("user_id"),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("photo_hashes", sa.JSON, nullable=False),  # SHA-256 of each file as it was sent
    sa.Column("at", Instant, nullable=False),
)
