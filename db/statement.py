"""What a member is told about their credits: balances, when more comes, and the latest entries."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from db.allowance import Allowance, midnight, month_after
from db.tables import accounts, entries, jobs, transfers


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a member's statement. A job has one: what it holds, or what it cost in the end."""

    at: dt.datetime
    kind: str  # allowance, grant, gift, hold, charge
    amount: int  # what became more or less
    reason: str
    by_user: int | None = None  # who gave it: an operator, another member
    job_kind: str | None = None  # what it was for; None: for no job, or for one that is not kept any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a member has, and the latest entries, newest first."""

    available: int
    held: int
    spent_today: int
    daily_allowance: int
    renews_at: dt.datetime  # the next daily allowance
    entries: list[Entry]
    monthly_allowance: int = 0
    month_renews_at: dt.datetime | None = None
    spent_by_day: tuple[int, ...] = ()  # of the latest days, oldest first, today last


DAYS_SHOWN = 7


def statement(
    connection: sa.Connection, user_id: int, allowance: Allowance, now: dt.datetime, *, limit: int
) -> Statement:
    """Return a member's statement. Their account exists, and what is due was accrued."""
    balances = connection.execute(sa.select(accounts).where(accounts.c.user_id == user_id)).one()
    spent = _spent_by_day(connection, user_id, allowance, now)
    return Statement(
        available=balances.available,
        held=balances.held,
        spent_today=spent[-1],
        daily_allowance=allowance.daily_credits,
        renews_at=midnight(now, allowance.timezone, days_on=1),
        entries=_latest(connection, user_id, limit),
        monthly_allowance=allowance.monthly_credits,
        month_renews_at=month_after(now, allowance.timezone),
        spent_by_day=tuple(spent),
    )


def _latest(connection: sa.Connection, user_id: int, limit: int) -> list[Entry]:
    t, end = transfers.c, transfers.alias().c
    ended = sa.exists().where(end.job_id == t.job_id, end.kind.in_(["charge", "release"]))
    own = sa.or_(
        sa.and_(entries.c.account == "available", t.kind.not_in(["hold", "release"])),
        sa.and_(entries.c.account == "available", t.kind == "hold", sa.not_(ended)),
        sa.and_(entries.c.account == "held", t.kind == "charge"),
    )
    query = (
        sa.select(entries.c.amount, t.at, t.kind, t.reason, t.by_user, jobs.c.kind.label("job_kind"))
        .join(transfers, t.id == entries.c.transfer_id)
        .join(jobs, jobs.c.id == t.job_id, isouter=True)
        .where(entries.c.user_id == user_id, own)
        .order_by(entries.c.transfer_id.desc())
        .limit(limit)
    )
    return [Entry(**row._mapping) for row in connection.execute(query)]


def _spent_by_day(connection: sa.Connection, user_id: int, allowance: Allowance, now: dt.datetime) -> list[int]:
    begins = [midnight(now, allowance.timezone, days_on=-back) for back in reversed(range(DAYS_SHOWN))]
    query = (
        sa.select(transfers.c.at, entries.c.amount)
        .join(transfers, transfers.c.id == entries.c.transfer_id)
        .where(entries.c.user_id == user_id, entries.c.account == "spent", transfers.c.at >= begins[0])
    )
    spent = [0] * DAYS_SHOWN
    for row in connection.execute(query):
        spent[sum(begin <= row.at for begin in begins) - 1] += row.amount
    return spent
