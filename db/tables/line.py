"""The line (see `db.schedule`): lines ─ guild_flows ─ member_flows, and seats."""

import sqlalchemy as sa

from db.tables.columns import count_column, flag_column, id_column, metadata, tag_column

# One row a kind of job: the lock that guards the kind's flows and seats, and where its virtual time stands.
lines = sa.Table(
    "lines",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    count_column("seq"),  # the last number given to a job in this line
    tag_column("clock_fast"),
    tag_column("clock_relaxed"),
    count_column("fast_run"),  # fast jobs claimed since a relaxed one, while one waited
    count_column("claims"),  # grows with every claim from any line: the least recently served kind is next
)

guild_flows = sa.Table(
    "guild_flows",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("pace", sa.String(8), primary_key=True),  # fast, relaxed
    id_column("guild_id", primary_key=True),
    tag_column("start"),  # virtual start tag of the guild's next job
    count_column("since"),  # the line's seq when the flow became ready: breaks ties by arrival
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

# How much a member has in hand of one kind, over all guilds: what the limits are held against.
seats = sa.Table(
    "seats",
    metadata,
    id_column("user_id", primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    count_column("queued"),
    count_column("running"),
    sa.Column("max_running", sa.Integer, nullable=False),
)
