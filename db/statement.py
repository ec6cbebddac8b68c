"""What a member is told about their credits: balances, when more comes, and the latest entries."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.allowance import Allowance, midnight, month_after
from db.tables import accounts, entries, transfers


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a member's statement."""

    at: dt.datetime
    kind: str  # allowance, grant, gift, hold, charge, release
    amount: int  # what it did to `available`; for a charge, what was spent (negative)
    reason: str
    job_id: str | None
    by_user: int | None = None  # who gave it: an operator, another member


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


async def statement(
    connection: AsyncConnection, user_id: int, allowance: Allowance, now: dt.datetime, *, limit: int
) -> Statement:
    """Return a member's statement. Their account exists, and what is due was accrued."""
    balances = (await connection.execute(sa.select(accounts).where(accounts.c.user_id == user_id))).one()
    spent = await _spent_by_day(connection, user_id, allowance, now)
    return Statement(
        available=balances.available,
        held=balances.held,
        spent_today=spent[-1],
        daily_allowance=allowance.daily_credits,
        renews_at=midnight(now, allowance.timezone, days_on=1),
        entries=await _latest(connection, user_id, limit),
        monthly_allowance=allowance.monthly_credits,
        month_renews_at=month_after(now, allowance.timezone),
        spent_by_day=tuple(spent),
    )


async def _latest(connection: AsyncConnection, user_id: int, limit: int) -> list[Entry]:
    query = (
        sa.select(entries, transfers)
        .join(transfers, transfers.c.id == entries.c.transfer_id)
        .where(
            entries.c.user_id == user_id,
            sa.or_(
                entries.c.account == "available", sa.and_(entries.c.account == "held", transfers.c.kind == "charge")
            ),
        )
        .order_by(entries.c.transfer_id.desc())
        .limit(limit)
    )
    return [
        Entry(
            at=row.at,
            kind=row.kind,
            amount=row.amount,
            reason=row.reason,
            job_id=row.job_id,
            by_user=row.by_user,
        )
        for row in await connection.execute(query)
    ]


async def _spent_by_day(connection: AsyncConnection, user_id: int, allowance: Allowance, now: dt.datetime) -> list[int]:
    begins = [midnight(now, allowance.timezone, days_on=-back) for back in reversed(range(DAYS_SHOWN))]
    query = (
        sa.select(transfers.c.at, entries.c.amount)
        .join(transfers, transfers.c.id == entries.c.transfer_id)
        .where(entries.c.user_id == user_id, entries.c.account == "spent", transfers.c.at >= begins[0])
    )
    spent = [0] * DAYS_SHOWN
    for row in await connection.execute(query):
        spent[sum(begin <= row.at for begin in begins) - 1] += row.amount
    return spent
