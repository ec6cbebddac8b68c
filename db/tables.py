"""The tables, as SQLAlchemy Core. `db/migrations` makes them; a test holds the two together.

Credits (see `db.ledger`): accounts ── transfers ── entries; guild_uses for budgets, offers that wait for a yes.
The line (see `db.schedule`): lines ─ guild_flows ─ member_flows, and seats. Work: jobs. People: members.
Subjects ─ subject_shares, consents. Places: channels. The house (see `db.house`): decisions, acts, acceptances.
Ids of the platform are 64-bit integers. A job asked for in a direct message has guild 0 here, None outside.
"""

import datetime as dt

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """A moment: aware UTC datetimes outside, seconds since 1970 inside, so both databases compare them alike."""

    impl = sa.Double
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> float | None:
        return None if value is None else value.timestamp()

    def process_result_value(self, value: float | None, dialect: sa.Dialect) -> dt.datetime | None:
        return None if value is None else dt.datetime.fromtimestamp(value, dt.UTC)


# SQLite counts up by itself only for its own INTEGER.
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id(name: str, *, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=primary_key, autoincrement=False, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _tag(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


# One row a member. The three balances repeat what the member's entries add up to; the checks make
# overspending impossible whatever the code above believes.
accounts = sa.Table(
    "accounts",
    metadata,
    _id("user_id", primary_key=True),
    _count("available"),
    _count("held"),
    _count("spent"),
    sa.Column("accrued_day", sa.Integer, nullable=False),  # proleptic number of the local day last accounted for
    _count("day_credits"),  # how much of that day's allowance was accounted for
    sa.Column("accrued_month", sa.Integer, nullable=False, server_default="0"),  # months since year 0
    _count("month_credits"),
    sa.CheckConstraint("available >= 0", name="available"),
    sa.CheckConstraint("held >= 0", name="held"),
    sa.CheckConstraint("spent >= 0", name="spent"),
)

# One row a movement of credits; its entries add up to zero.
transfers = sa.Table(
    "transfers",
    metadata,
    sa.Column("id", Number, primary_key=True),  # counts up
    sa.Column("kind", sa.String(16), nullable=False),  # allowance, grant, gift, hold, charge, release
    sa.Column("job_id", sa.String(26)),
    sa.Column("ref", sa.String(128), unique=True),  # what makes a repeated grant the same grant
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("by_user", sa.BigInteger),  # who gave it: an operator, another member
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("job_id", "kind"),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("transfer_id", Number, sa.ForeignKey("transfers.id"), primary_key=True),
    sa.Column("account", sa.String(9), primary_key=True),  # mint, available, held, spent
    _id("user_id", primary_key=True),  # 0 for the mint
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.CheckConstraint("amount <> 0", name="amount"),
    sa.Index(None, "user_id", "transfer_id"),
)

# What the members of a guild that has a budget used, by local day (2026-01-31) and month (2026-01); see `db.budgets`.
guild_uses = sa.Table(
    "guild_uses",
    metadata,
    _id("guild_id", primary_key=True),
    sa.Column("period", sa.String(10), primary_key=True),
    _count("credits"),
    sa.CheckConstraint("credits >= 0", name="credits"),
)

# What was asked for and waits for a yes: 'that costs 12, go?' (see `db.offers`).
offers = sa.Table(
    "offers",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    _id("user_id"),
    sa.Column("interaction_id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_offers_user", "user_id"),
)

# One row a kind of job: the lock that guards the kind's flows and seats, and where its virtual time stands.
lines = sa.Table(
    "lines",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    _count("seq"),  # the last number given to a job in this line
    _tag("clock_fast"),
    _tag("clock_relaxed"),
    _count("fast_run"),  # fast jobs claimed since a relaxed one, while one waited
    _count("claims"),  # grows with every claim from any line: the least recently served kind is next
)

guild_flows = sa.Table(
    "guild_flows",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("pace", sa.String(8), primary_key=True),  # fast, relaxed
    _id("guild_id", primary_key=True),
    _tag("start"),  # virtual start tag of the guild's next job
    _count("since"),  # the line's seq when the flow became ready: breaks ties by arrival
    _tag("clock"),  # virtual time among the guild's members
    sa.Column("weight", sa.Double, nullable=False, server_default="1"),
    _count("ready"),  # member flows that could be served now
    _count("waiting"),  # jobs
    _count("work"),  # credits of work of those jobs
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
    _id("guild_id", primary_key=True),
    _id("user_id", primary_key=True),
    _tag("start"),
    _count("since"),
    sa.Column("weight", sa.Double, nullable=False, server_default="1"),
    _flag("ready"),  # something waits, and the member may run one more
    _count("waiting"),
    _count("work"),
    _count("passed"),  # times that a resident model went first, since the flow was last served
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
    _id("user_id", primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    _count("queued"),
    _count("running"),
    sa.Column("max_running", sa.Integer, nullable=False),
)

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
    _id("user_id"),
    _id("guild_id"),
    _id("channel_id"),
    sa.Column("message_id", sa.BigInteger),
    _flag("private"),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("model", sa.String(200), nullable=False),
    _count("price"),
    _count("work"),
    _count("charged"),
    _count("seq"),
    _count("attempt"),
    _count("blamed"),
    sa.Column("lease_owner", sa.String(100)),
    sa.Column("lease_until", Instant),
    _count("progress_done"),
    _count("progress_total"),
    _count("preview"),
    sa.Column("error_code", sa.String(64)),
    sa.Column("error_text", sa.Text),
    sa.Column("outcome", sa.JSON, nullable=False),
    _flag("cancel_requested"),
    sa.Column("cancelled_by", sa.BigInteger),
    sa.Column("queued_at", Instant, nullable=False),
    sa.Column("started_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("delivered_at", Instant),
    sa.Column("delivered_how", sa.String(32)),
    sa.Column("source_job_id", sa.String(26)),
    sa.Column("forecast_s", sa.Double),  # what its member was told: seconds from here to the end
    sa.Column("budget_day", sa.String(10)),  # for which day of its guild's budget the hold counts
    _count("revision"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
    sa.CheckConstraint("pace IN ('fast', 'relaxed')", name="pace"),
    sa.CheckConstraint("price >= 0 AND work > 0", name="price"),
    sa.CheckConstraint("charged >= 0 AND charged <= price", name="charged"),
    sa.Index("ix_jobs_member", "user_id", "id"),
)
# Written out, not bound: SQLite uses a partial index only where it can read that the condition holds.
is_queued = jobs.c.state == sa.literal_column("'queued'")
is_running = jobs.c.state == sa.literal_column("'running'")
_unseen = sa.and_(jobs.c.ended_at.is_not(None), jobs.c.delivered_at.is_(None))
_open = jobs.c.delivered_at.is_(None)
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

members = sa.Table(
    "members",
    metadata,
    _id("user_id", primary_key=True),
    sa.Column("locale", sa.String(16)),
    sa.Column("preferences", sa.JSON, nullable=False),
    sa.Column("first_seen_at", Instant, nullable=False),
    sa.Column("last_seen_at", Instant, nullable=False),
)

member_guilds = sa.Table(
    "member_guilds",
    metadata,
    sa.Column("user_id", sa.BigInteger, sa.ForeignKey("members.user_id", ondelete="CASCADE"), primary_key=True),
    _id("guild_id", primary_key=True),
    sa.Column("last_seen_at", Instant, nullable=False),
)

# What somebody taught a model. A subject exists from the moment its training was paid for.
subjects = sa.Table(
    "subjects",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    _id("owner_id"),
    _id("guild_id"),  # where it was made; 0 in a direct message
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
    _id("target_id", primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.CheckConstraint("scope IN ('member', 'role', 'guild')", name="scope"),
)
sa.Index("ix_subject_shares_target", subject_shares.c.scope, subject_shares.c.target_id)

# Who said that the photos may be used, when, in which words, and for which bytes.
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("subject_id", sa.String(26), sa.ForeignKey("subjects.id", ondelete="CASCADE"), primary_key=True),
    _id("user_id"),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("photo_hashes", sa.JSON, nullable=False),  # SHA-256 of each file as it was sent
    sa.Column("at", Instant, nullable=False),
)

# What an operator decided for a channel; one that nobody decided about has no row.
channels = sa.Table(
    "channels",
    metadata,
    _id("channel_id", primary_key=True),
    _id("guild_id"),
    _flag("transcribed"),  # voice messages become text without being asked for
    _id("decided_by"),
    sa.Column("decided_at", Instant, nullable=False),
)

# What operators decided for a server; one that nobody decided anything about has no row (see `db.house`).
decisions = sa.Table(
    "decisions",
    metadata,
    _id("guild_id", primary_key=True),  # 0: direct messages
    sa.Column("kind", sa.String(8), primary_key=True),  # pause, ban, word, channel
    sa.Column("key", sa.String(64), primary_key=True),  # whom or what: a member, a folded word, a channel
    sa.Column("value", sa.Text, nullable=False),  # the notice, the reason, the word as typed, allowed or forbidden
    _id("by_user"),
    sa.Column("at", Instant, nullable=False),
)

# Every act of an operator, in the same transaction as what it did.
acts = sa.Table(
    "acts",
    metadata,
    sa.Column("id", Number, primary_key=True),  # counts up
    _id("guild_id"),
    _id("by_user"),  # 0: somebody who has left
    sa.Column("what", sa.String(32), nullable=False),
    sa.Column("target", sa.String(100), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_acts_guild", "guild_id", "id"),
)

# Which licences a member accepted, of models that ask for it.
acceptances = sa.Table(
    "acceptances",
    metadata,
    _id("user_id", primary_key=True),
    sa.Column("model", sa.String(200), primary_key=True),
    sa.Column("licence", sa.String(200), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
