"""Allowances: the days and months that are open; and what was accounted for of members who deleted everything."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0007"
branch_labels = None
depends_on = None

NAMED = (("jobs", "cancelled_by"), ("transfers", "by_user"))


def upgrade() -> None:
    # Of the accounts that are there, the last day and month that were looked at are closed: they can still be raised.
    op.add_column("accounts", sa.Column("accruing", sa.JSON(), server_default="{}", nullable=False))
    op.create_table(
        "former_members",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("accrued_day", sa.Integer(), nullable=False),
        sa.Column("day_credits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("accrued_month", sa.Integer(), server_default="0", nullable=False),
        sa.Column("month_credits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("accruing", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("forget_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_former_members"),
    )
    # By these a member's name is taken off what stays; most rows have none.
    for table, column in NAMED:
        some = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    for table, column in NAMED:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.drop_table("former_members")
    op.drop_column("accounts", "accruing")
