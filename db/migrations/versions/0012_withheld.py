"""Withheld pictures: how many a job has, and the jobs that have some, found by their server."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("withheld", sa.BigInteger(), server_default="0", nullable=False))
    some = sa.text("withheld > 0")
    op.create_index("ix_jobs_withheld", "jobs", ["guild_id", "id"], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    op.drop_index("ix_jobs_withheld", table_name="jobs")
    op.drop_column("jobs", "withheld")
