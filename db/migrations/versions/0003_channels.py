"""Channels: what operators decided for one."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("transcribed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_channels"),
    )


def downgrade() -> None:
    op.drop_table("channels")
