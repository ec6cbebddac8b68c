"""Credits: accounts ── transfers ── entries (see `db.credits.ledger`); former members; what guilds used."""

from typing import Any

import sqlalchemy as sa

from db.tables.columns import Instant, Number, count_column, id_column, metadata


def accrued_columns() -> list[sa.Column[Any]]:
    """Return the columns that say how far a member's allowance was accounted for (`db.credits.allowance.Accrued`)."""
    return [
        sa.Column("accrued_day", sa.Integer, nullable=False),  # proleptic number of the newest day that is closed
        count_column("day_credits"),  # what that day was worth
        sa.Column("accrued_month", sa.Integer, nullable=False, server_default="0"),  # months since year 0
        count_column("month_credits"),
        sa.Column("accruing", sa.JSON, nullable=False, server_default="{}"),  # the days and months that are open
    ]


ACCRUED = tuple(column.name for column in accrued_columns())

# One row a member. The three balances repeat what the member's entries add up to; the checks make
# overspending impossible whatever the code above believes.
accounts = sa.Table(
    "accounts",
    metadata,
    id_column("user_id", primary_key=True),
    count_column("available"),
    count_column("held"),
    count_column("spent"),
    *accrued_columns(),
    sa.CheckConstraint("available >= 0", name="available"),
    sa.CheckConstraint("held >= 0", name="held"),
    sa.CheckConstraint("spent >= 0", name="spent"),
)

# One row for each member who deleted everything, until the month is over: what was accounted for, so that it is not
# given again. See `db.credits.former_members`.
former_members = sa.Table(
    "former_members",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),  # of the id, by a key that is not in the database
    *accrued_columns(),
    sa.Column("forget_at", Instant, nullable=False),
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

_by_somebody = transfers.c.by_user.is_not(None)
sa.Index("ix_transfers_by_user", transfers.c.by_user, sqlite_where=_by_somebody, postgresql_where=_by_somebody)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("transfer_id", Number, sa.ForeignKey("transfers.id"), primary_key=True),
    sa.Column("account", sa.String(9), primary_key=True),  # mint, available, held, spent
    id_column("user_id", primary_key=True),  # 0 for the mint
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.CheckConstraint("amount <> 0", name="amount"),
    sa.Index(None, "user_id", "transfer_id"),
)

# What the members of a guild that has a budget used, by local day (2026-01-31) and month (2026-01).
guild_uses = sa.Table(
    "guild_uses",
    metadata,
    id_column("guild_id", primary_key=True),
    sa.Column("period", sa.String(10), primary_key=True),
    count_column("credits"),
    sa.CheckConstraint("credits >= 0", name="credits"),
)
