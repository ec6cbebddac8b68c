"""The queue: lines ─ guild_flows ─ member_flows, and seats, for fair order; pending orders."""

import sqlalchemy as sa

from db.tables.columns import Instant, count_column, flag_column, id_column, metadata, tag_column

# One row a kind of job (`KindQueue`): the lock that guards its flows and loads, and where its virtual time stands.
lines = sa.Table(
    "lines",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    count_column("seq"),  # the last number given to a job of this kind
    tag_column("clock_fast"),
    tag_column("clock_relaxed"),
    count_column("fast_run"),  # fast jobs claimed since a relaxed one, while one waited
    count_column("claims"),  # grows with every claim of any kind: the least recently served kind is next
)

guild_flows = sa.Table(
    "guild_flows",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("pace", sa.String(8), primary_key=True),  # fast, relaxed
    id_column("guild_id", primary_key=True),
    tag_column("start"),  # virtual start tag of the guild's next job
    count_column("since"),  # the queue's seq when the flow became ready: breaks ties by arrival
    tag_column("clock"),  # virtual time among the guild's members
    sa.Column("weight", sa.Double, nullable=False, server_default="1"),
    count_column("ready"),  # member flows that could be served now
    count_column("waiting"),  # jobs
    count_column("work"),  # credits of work of those jobs
)
sa.Index(
    "ix_guild_flows_next",
    guild_flows.c.kind,
    guild_flows.c.pace,
    guild_flows.c.start,
    guild_flows.c.since,
    sqlite_where=guild_flows.c.ready > 0,
    postgresql_where=guild_flows.c.ready > 0,
)

member_flows = sa.Table(
    "member_flows",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("pace", sa.String(8), primary_key=True),
    id_column("guild_id", primary_key=True),
    id_column("user_id", primary_key=True),
    tag_column("start"),
    count_column("since"),
    sa.Column("weight", sa.Double, nullable=False, server_default="1"),
    flag_column("ready"),  # something waits, and the member may run one more
    count_column("waiting"),
    count_column("work"),
    count_column("passed"),  # times that a resident model went first, since the flow was last served
    sa.Index("ix_member_flows_user", "user_id", "kind"),
)
sa.Index(
    "ix_member_flows_next",
    member_flows.c.kind,
    member_flows.c.pace,
    member_flows.c.guild_id,
    member_flows.c.start,
    member_flows.c.since,
    sqlite_where=sa.text("ready = 1"),  # as SQLAlchemy writes the condition; SQLite compares the words
    postgresql_where=sa.text("ready"),
)

# How much a member has in hand of one kind, over all guilds (`MemberLoad`): what the limits are held against.
seats = sa.Table(
    "seats",
    metadata,
    id_column("user_id", primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    count_column("queued"),
    count_column("running"),
    sa.Column("max_running", sa.Integer, nullable=False),
)

# What was asked for and waits for an answer: about its price, a licence, or photos (see `db.queue.pending`).
pending_orders = sa.Table(
    "pending_orders",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("question", sa.String(8), nullable=False),
    id_column("user_id"),
    sa.Column("interaction_id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("price", sa.BigInteger),
    sa.Column("pace", sa.String(8)),
    flag_column("private"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.CheckConstraint("question IN ('price', 'licence', 'photos')", name="question"),
    sa.Index(None, "user_id"),
    sa.Index(None, "expires_at"),
)
