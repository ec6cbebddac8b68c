"""Favourites: whose they are, and of which jobs; and jobs by the message that shows them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "favourites",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.String(length=26), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_favourites_job_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "job_id", name="pk_favourites"),
    )
    op.create_index("ix_favourites_job_id", "favourites", ["job_id"])
    shown = sa.text("message_id IS NOT NULL")
    op.create_index("ix_jobs_message_id", "jobs", ["message_id"], sqlite_where=shown, postgresql_where=shown)


def downgrade() -> None:
    op.drop_index("ix_jobs_message_id", table_name="jobs")
    op.drop_table("favourites")
