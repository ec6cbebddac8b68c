"""Pending orders: what waits for an answer is one typed table; open questions of before go on."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEPT_S = 2 * 24 * 3600.0  # an unanswered question is forgotten


def upgrade() -> None:
    pending = op.create_table(
        "pending_orders",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("question", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("pace", sa.String(length=8), nullable=True),
        sa.Column("private", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.CheckConstraint("question IN ('price', 'licence', 'photos')", name=op.f("ck_pending_orders_question")),
        sa.PrimaryKeyConstraint("id", name="pk_pending_orders"),
        sa.UniqueConstraint("interaction_id", name="uq_pending_orders_interaction_id"),
    )
    op.create_index("ix_pending_orders_user_id", "pending_orders", ["user_id"], unique=False)
    op.create_index("ix_pending_orders_expires_at", "pending_orders", ["expires_at"], unique=False)
    rows = op.get_bind().execute(sa.select(_offers())).all()
    kept = [values for row in rows if (values := _converted(row)) is not None]
    if kept:
        op.bulk_insert(pending, kept)
    op.drop_index("ix_offers_user", table_name="offers")
    op.drop_table("offers")


def downgrade() -> None:
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
    op.drop_table("pending_orders")


def _offers() -> sa.TableClause:
    return sa.table(
        "offers",
        sa.column("id", sa.String()),
        sa.column("user_id", sa.BigInteger()),
        sa.column("interaction_id", sa.BigInteger()),
        sa.column("content", sa.JSON()),
        sa.column("at", sa.Double()),
    )


def _converted(row: sa.Row[Any]) -> dict[str, Any] | None:
    """Return an open question as a pending order; None: it says nothing that could go on."""
    content = row.content
    request = _request(content)
    if request is None:
        return None
    return {
        "id": row.id,
        "question": "price" if "price" in content else "licence",
        "user_id": row.user_id,
        "interaction_id": row.interaction_id,
        "version": 1,
        "request": request,
        "price": content.get("price"),
        "pace": content.get("pace"),
        "private": bool(content.get("private", False)),
        "created_at": row.at,
        "expires_at": row.at + KEPT_S,
    }


def _request(content: dict[str, Any]) -> dict[str, Any] | None:
    if "lesson" in content:
        return {"what": "training", "options": content["lesson"], "photos": None}
    if "clip" in content:
        attached, options = content["clip"], content["hearing"]
        return {"what": "clip", "attached": attached, "options": options, "speaker_id": content.get("speaker_id")}
    if "again" in content:
        return {"what": "clip_again", "source_job_id": content["again"], "options": content["hearing"]}
    if "request" in content:
        return {"what": "imagine", "image": content["request"], "source_job_id": content.get("source_job_id")}
    return None
