"""Subjects: what members taught, with whom they share it, and the consent to it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("name_key", sa.String(length=64), nullable=False),
        sa.Column("class_noun", sa.String(length=32), nullable=False),
        sa.Column("trigger", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("job_id", sa.String(length=26), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("keeps_photos", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.CheckConstraint("state IN ('training', 'ready')", name=op.f("ck_subjects_state")),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("job_id", name="uq_subjects_job_id"),
        sa.UniqueConstraint("owner_id", "name_key", name="uq_subjects_owner_id_name_key"),
    )
    op.create_table(
        "subject_shares",
        sa.Column("subject_id", sa.String(length=26), nullable=False),
        sa.Column("scope", sa.String(length=6), nullable=False),
        sa.Column("target_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.CheckConstraint("scope IN ('member', 'role', 'guild')", name=op.f("ck_subject_shares_scope")),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name="fk_subject_shares_subject_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subject_id", "scope", "target_id", name="pk_subject_shares"),
    )
    op.create_index("ix_subject_shares_target", "subject_shares", ["scope", "target_id"], unique=False)
    op.create_table(
        "consents",
        sa.Column("subject_id", sa.String(length=26), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("photo_hashes", sa.JSON(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name="fk_consents_subject_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject_id", name="pk_consents"),
    )


def downgrade() -> None:
    for table in ("consents", "subject_shares", "subjects"):
        op.drop_table(table)
