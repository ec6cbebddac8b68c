"""Targets: jobs are found by their subjects and who is heard, acts by what they are about, not by words in texts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AT_ONCE = 1000  # rows
SUBJECT_MAX, INTEGER_MAX = 26, 2**63 - 1
ID = re.compile(r"(?<!\d)\d{15,19}(?!\d)")  # of the platform, in a text
MENTION = re.compile(r"<([@#])(\d+)>(?: (.{1,40}))?")
NAMED = re.compile(r" *(job|subject) +(\S+) *")
FORMER = "a former member"

jobs = sa.table(
    "jobs",
    sa.column("id", sa.String()),
    sa.column("request", sa.JSON()),
    sa.column("speaker_id", sa.BigInteger()),
)
acts = sa.table(
    "acts",
    sa.column("id", sa.BigInteger()),
    sa.column("what", sa.String()),
    sa.column("target", sa.String()),
    sa.column("target_kind", sa.String()),
    sa.column("target_id", sa.String()),
    sa.column("target_detail", sa.String()),
    sa.column("reason", sa.Text()),
)


def upgrade() -> None:
    is_heard = sa.text("speaker_id IS NOT NULL")
    op.add_column("jobs", sa.Column("speaker_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_jobs_speaker_id", "jobs", ["speaker_id"], sqlite_where=is_heard, postgresql_where=is_heard
    )  # fmt: skip
    job_subjects = op.create_table(
        "job_subjects",
        sa.Column("subject_id", sa.String(length=26), nullable=False),
        sa.Column("job_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_subjects_job_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject_id", "job_id", name="pk_job_subjects"),
    )
    _fill_from_jobs(job_subjects)
    op.create_index("ix_job_subjects_job_id", "job_subjects", ["job_id"])

    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("acts", sa.Column("target_kind", sa.String(length=8), nullable=True))
    op.add_column("acts", sa.Column("target_id", sa.String(length=100), server_default="", nullable=False))
    op.add_column("acts", sa.Column("target_detail", sa.String(length=40), server_default="", nullable=False))
    act_mentions = op.create_table(
        "act_mentions",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("act_id", number, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name="fk_act_mentions_act_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "act_id", name="pk_act_mentions"),
    )
    _fill_from_acts(act_mentions)
    op.create_index("ix_act_mentions_act_id", "act_mentions", ["act_id"])
    op.create_index("ix_acts_by_user", "acts", ["by_user"])
    op.create_index("ix_acts_target", "acts", ["target_kind", "target_id"])
    op.drop_column("acts", "target")


def downgrade() -> None:
    op.add_column("acts", sa.Column("target", sa.String(length=100), server_default="", nullable=False))
    for row in _pages(acts, acts.c.id, acts.c.target_kind, acts.c.target_id, acts.c.target_detail):
        op.get_bind().execute(acts.update().where(acts.c.id == row.id).values(target=_text(row)[:100]))
    for index in ("ix_acts_target", "ix_acts_by_user"):
        op.drop_index(index, table_name="acts")
    for column in ("target_detail", "target_id", "target_kind"):
        op.drop_column("acts", column)
    op.drop_table("act_mentions")
    op.drop_table("job_subjects")
    op.drop_index("ix_jobs_speaker_id", table_name="jobs")
    op.drop_column("jobs", "speaker_id")


def _fill_from_jobs(job_subjects: sa.Table) -> None:
    connection = op.get_bind()
    for row in _pages(jobs, jobs.c.id, jobs.c.request):
        request = row.request if isinstance(row.request, dict) else {}
        if named := [{"subject_id": one, "job_id": row.id} for one in _subjects(request)]:
            connection.execute(job_subjects.insert(), named)
        if isinstance(speaker_id := request.get("speaker_id"), int):
            connection.execute(jobs.update().where(jobs.c.id == row.id).values(speaker_id=speaker_id))


def _fill_from_acts(act_mentions: sa.Table) -> None:
    connection = op.get_bind()
    for row in _pages(acts, acts.c.id, acts.c.what, acts.c.target, acts.c.reason):
        text = row.reason
        if target := _typed(row.what, row.target):
            connection.execute(acts.update().where(acts.c.id == row.id).values(target))
            text += f" {target['target_id']}" if target["target_kind"] == "word" else ""
        mentioned = {int(number) for number in ID.findall(text)}
        if known := [{"user_id": one, "act_id": row.id} for one in mentioned if one <= INTEGER_MAX]:
            connection.execute(act_mentions.insert(), known)


def _pages(table: sa.TableClause, *columns: sa.ColumnClause[Any]) -> Iterator[sa.Row[Any]]:
    """Yield all rows by id, so many at a time: their requests together may be larger than memory."""
    query = sa.select(*columns).order_by(table.c.id).limit(AT_ONCE)
    rows = op.get_bind().execute(query).all()
    while rows:
        yield from rows
        rows = op.get_bind().execute(query.where(table.c.id > rows[-1].id)).all()


def _subjects(request: Mapping[str, Any]) -> list[str]:
    drawn = [use.get("subject_id") for use in request.get("subjects") or () if isinstance(use, dict)]
    named = {one for one in (*drawn, request.get("subject_id")) if isinstance(one, str)}
    return sorted(one for one in named if 0 < len(one) <= SUBJECT_MAX)


def _typed(what: str, text: str) -> dict[str, str] | None:
    """Return what an act is about; a text of no known form is kept as a word, which is shown as it is."""
    if not text:
        return None
    kind, target_id, detail = "word", text, ""
    if text == FORMER:
        kind, target_id = "member", ""
    elif what.startswith("words"):
        pass  # whatever it looks like
    elif found := MENTION.fullmatch(text):
        kind = "member" if found[1] == "@" else "channel"
        target_id, detail = found[2], found[3] or ""
    elif found := NAMED.fullmatch(text):
        kind, target_id = found[1], found[2]
    return {"target_kind": kind, "target_id": target_id, "target_detail": detail}


def _text(row: sa.Row[Any]) -> str:
    forms = {"member": "<@{}>", "channel": "<#{}>", "job": "job {}", "subject": "subject {}", "word": "{}"}
    if row.target_kind is None:
        return ""
    is_former = row.target_kind == "member" and not row.target_id
    text = FORMER if is_former else forms[row.target_kind].format(row.target_id)
    return f"{text} {row.target_detail}".rstrip()
