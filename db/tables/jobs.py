"""Jobs, the subjects they are about, who keeps them at hand, and the partial indexes by which they are found."""

import sqlalchemy as sa

from db.tables.columns import Instant, count_column, flag_column, id_column, metadata

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("interaction_id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("interaction_token", sa.Text, nullable=False),
    sa.Column("token_expires_at", Instant, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("pace", sa.String(8), nullable=False),
    sa.Column("state", sa.String(9), nullable=False),
    id_column("user_id"),
    id_column("guild_id"),
    id_column("channel_id"),
    sa.Column("message_id", sa.BigInteger),
    flag_column("private"),
    flag_column("age_restricted"),  # where it was asked for
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("model", sa.String(200), nullable=False),
    count_column("price"),
    count_column("work"),
    count_column("charged"),
    count_column("seq"),
    count_column("attempt"),
    count_column("blamed"),
    count_column("expirations"),
    sa.Column("lease_owner", sa.String(100)),
    sa.Column("lease_until", Instant),
    count_column("progress_done"),
    count_column("progress_total"),
    count_column("preview"),
    sa.Column("error_code", sa.String(64)),
    sa.Column("error_text", sa.Text),
    sa.Column("outcome", sa.JSON, nullable=False),
    flag_column("cancel_requested"),
    sa.Column("cancelled_by", sa.BigInteger),
    count_column("withheld"),  # pictures that a checker flagged, so that only operators see them
    sa.Column("queued_at", Instant, nullable=False),
    sa.Column("started_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("delivered_at", Instant),
    sa.Column("delivered_how", sa.String(32)),
    sa.Column("source_job_id", sa.String(26)),
    sa.Column("speaker_id", sa.BigInteger),  # who is heard, as its request says
    sa.Column("forecast_s", sa.Double),  # what its member was told: seconds from here to the end
    sa.Column("budget_day", sa.String(10)),  # for which day of its guild's budget the hold counts
    count_column("revision"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
    sa.CheckConstraint("pace IN ('fast', 'relaxed')", name="pace"),
    sa.CheckConstraint("price >= 0 AND work > 0", name="price"),
    sa.CheckConstraint("charged >= 0 AND charged <= price", name="charged"),
    sa.Index("ix_jobs_member", "user_id", "id"),
)

# Which results a member keeps at hand, their own and others'.
favourites = sa.Table(
    "favourites",
    metadata,
    id_column("user_id", primary_key=True),
    sa.Column("job_id", sa.String(26), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "job_id"),
)

# Which subjects a job draws with or trains; a job outlives its subjects.
job_subjects = sa.Table(
    "job_subjects",
    metadata,
    sa.Column("subject_id", sa.String(26), primary_key=True),
    sa.Column("job_id", sa.String(26), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Index(None, "job_id"),
)

# Written out, not bound: SQLite uses a partial index only where it can read that the condition holds.
is_queued = jobs.c.state == sa.literal_column("'queued'")
is_running = jobs.c.state == sa.literal_column("'running'")
_unseen = sa.and_(jobs.c.ended_at.is_not(None), jobs.c.delivered_at.is_(None))
_open = jobs.c.delivered_at.is_(None)
_heard = jobs.c.speaker_id.is_not(None)
_derived = jobs.c.source_job_id.is_not(None)
_withheld = jobs.c.withheld > sa.literal_column("0")
_shown = jobs.c.message_id.is_not(None)
_cancelled = jobs.c.cancelled_by.is_not(None)
sa.Index(
    "ix_jobs_queued",
    jobs.c.kind,
    jobs.c.pace,
    jobs.c.guild_id,
    jobs.c.user_id,
    jobs.c.seq,
    sqlite_where=is_queued,
    postgresql_where=is_queued,
)
sa.Index("ix_jobs_leases", jobs.c.lease_until, sqlite_where=is_running, postgresql_where=is_running)
sa.Index("ix_jobs_undelivered", jobs.c.ended_at, sqlite_where=_unseen, postgresql_where=_unseen)
sa.Index("ix_jobs_changed", jobs.c.changed_at, sqlite_where=_open, postgresql_where=_open)
sa.Index("ix_jobs_cancelled_by", jobs.c.cancelled_by, sqlite_where=_cancelled, postgresql_where=_cancelled)
sa.Index("ix_jobs_withheld", jobs.c.guild_id, jobs.c.id, sqlite_where=_withheld, postgresql_where=_withheld)
sa.Index("ix_jobs_source_job_id", jobs.c.source_job_id, sqlite_where=_derived, postgresql_where=_derived)
sa.Index("ix_jobs_speaker_id", jobs.c.speaker_id, sqlite_where=_heard, postgresql_where=_heard)
sa.Index("ix_jobs_message_id", jobs.c.message_id, sqlite_where=_shown, postgresql_where=_shown)
