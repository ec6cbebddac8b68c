"""Tiers: allowances by the month and in any time zone, budgets of guilds, offers, forecasts."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WHOLE_DAY = 1_000_000_000  # more than anybody's allowance


def upgrade() -> None:
    op.add_column("accounts", sa.Column("day_credits", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("accounts", sa.Column("accrued_month", sa.Integer(), server_default="0", nullable=False))
    op.add_column("accounts", sa.Column("month_credits", sa.BigInteger(), server_default="0", nullable=False))
    # The allowance of the last day was given before it was noted how much that was: take it for all of it. The first
    # monthly allowance is that of the month of this migration.
    today = dt.datetime.now(dt.UTC)
    last_month = today.year * 12 + today.month - 2
    op.execute(sa.text(f"UPDATE accounts SET day_credits = {WHOLE_DAY}, accrued_month = {last_month}"))
    op.add_column("transfers", sa.Column("by_user", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("forecast_s", sa.Double(), nullable=True))
    op.add_column("jobs", sa.Column("budget_day", sa.String(length=10), nullable=True))
    op.create_table(
        "guild_uses",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("credits", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("credits >= 0", name=op.f("ck_guild_uses_credits")),
        sa.PrimaryKeyConstraint("guild_id", "period", name="pk_guild_uses"),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_offers"),
        sa.UniqueConstraint("interaction_id", name="uq_offers_interaction_id"),
    )
    op.create_index("ix_offers_user", "offers", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("offers")
    op.drop_table("guild_uses")
    for table, column in (
        ("jobs", "budget_day"),
        ("jobs", "forecast_s"),
        ("transfers", "by_user"),
        ("accounts", "month_credits"),
        ("accounts", "accrued_month"),
        ("accounts", "day_credits"),
    ):
        op.drop_column(table, column)
