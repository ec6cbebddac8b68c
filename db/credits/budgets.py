"""Budgets of guilds: what all members of a server together may use in a day and in a month.

A use is counted when its credits are held, and what is released is taken off the same day and month again: the job
remembers the day. One row a guild and period, locked after the kind's queue, before job rows (see `db.engine`).
"""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from db.credits.allowance import local, midnight, month_after
from db.errors import BudgetSpent
from db.tables import guild_uses
from db.upsert import insert_or_update

MONTH_LENGTH = len("2026-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many credits a guild's members may use, all together; None: as many as they have."""

    daily_credits: int | None = None
    monthly_credits: int | None = None
    timezone: str = "UTC"


def day_of(budget: Budget, now: dt.datetime) -> str:
    """Return the guild's day, such as 2026-01-31; its first seven letters are the month."""
    return local(now, budget.timezone).date().isoformat()


def use(connection: sa.Connection, guild_id: int, budget: Budget, credits: int, now: dt.datetime) -> str:
    """Count credits that are held for a job of the guild; return the day that they count for.

    Args:
        connection: the transaction.
        guild_id: the server.
        budget: its budget.
        credits: how many are held.
        now: the transaction's time.

    Raises:
        BudgetSpent: the guild has not so many left today, or this month.
    """
    day = day_of(budget, now)
    limits = (
        (day, budget.daily_credits, midnight(now, budget.timezone, days_on=1)),
        (day[:MONTH_LENGTH], budget.monthly_credits, month_after(now, budget.timezone)),
    )
    for period, limit, renews_at in limits:
        values = {"guild_id": guild_id, "period": period, "credits": credits}
        update = {"credits": guild_uses.c.credits + credits}
        upsert = insert_or_update(connection, guild_uses, values, key=("guild_id", "period"), update=update)
        used = connection.execute(upsert.returning(guild_uses.c.credits)).scalar_one()
        if limit is not None and used > limit:
            raise BudgetSpent(left=max(0, limit - used + credits), price=credits, renews_at=renews_at)
    return day


def give_back(connection: sa.Connection, guild_id: int, day: str, credits: int) -> None:
    """Take released credits off the day and the month for which they were counted.

    Args:
        connection: the transaction.
        guild_id: the server.
        day: as `use` returned it.
        credits: how many are released.
    """
    g = guild_uses.c
    periods = g.period.in_([day, day[:MONTH_LENGTH]])
    connection.execute(guild_uses.update().where(g.guild_id == guild_id, periods).values(credits=g.credits - credits))


def used(connection: sa.Connection, guild_id: int, budget: Budget, now: dt.datetime) -> tuple[int, int]:
    """Return how much a guild has used today and this month, holds included.

    Args:
        connection: the transaction.
        guild_id: the server.
        budget: its budget.
        now: the transaction's time.
    """
    day = day_of(budget, now)
    g = guild_uses.c
    rows = connection.execute(
        sa.select(g.period, g.credits).where(g.guild_id == guild_id, g.period.in_([day, day[:MONTH_LENGTH]]))
    )
    by_period = {row.period: int(row.credits) for row in rows}
    return by_period.get(day, 0), by_period.get(day[:MONTH_LENGTH], 0)
