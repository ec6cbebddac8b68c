"""What a member is told about their credits: balances, when more comes, and the latest entries."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from db import clock
from db.credits.accounts import open_account
from db.credits.accrual import accrued_from
from db.credits.allowance import Allowance, due, midnight, month_after
from db.credits.ledger import balances
from db.engine import Database
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


async def read_statement(db: Database, user_id: int, allowance: Allowance, *, limit: int = 20) -> Statement:
    """Return what a member has, after the allowance that is due; nothing is written if nothing is.

    Args:
        db: the database.
        user_id: the member.
        allowance: the member's.
        limit: how many entries.
    """
    found = await db.read(_if_accrued, user_id, allowance, limit)
    if found is None:
        await db.write(open_account, user_id, allowance)
        found = await db.read(_statement, user_id, allowance, limit)
    return found


def _if_accrued(connection: sa.Connection, user_id: int, allowance: Allowance, limit: int) -> Statement | None:
    """Return a member's statement; None while something is due."""
    row = balances(connection, user_id)
    if row is None:
        return None
    known, now = accrued_from(row), clock.now(connection)
    if due(allowance, known, row.available + row.held, now).accrued != known:
        return None
    return _statement(connection, user_id, allowance, limit, now)


def _statement(
    connection: sa.Connection, user_id: int, allowance: Allowance, limit: int, now: dt.datetime | None = None
) -> Statement:
    """Return a member's statement. Their account exists, and what is due was accrued."""
    now = now or clock.now(connection)
    row = connection.execute(sa.select(accounts).where(accounts.c.user_id == user_id)).one()
    spent = _spent_by_day(connection, user_id, allowance, now)
    return Statement(
        available=row.available,
        held=row.held,
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
