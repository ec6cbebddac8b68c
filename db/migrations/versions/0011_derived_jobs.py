"""Derived jobs: what was made from a job is found by it, such as its upscaled pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_derived = sa.text("source_job_id IS NOT NULL")
    op.create_index(
        "ix_jobs_source_job_id", "jobs", ["source_job_id"], sqlite_where=is_derived, postgresql_where=is_derived
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_source_job_id", table_name="jobs")
