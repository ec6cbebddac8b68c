"""How far an allowance was accounted for, as columns of a row (`db.tables.credits.accrued_columns`)."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from db.credits.allowance import Accrued, AccruedPeriods, OpenPeriod, Room


def accrued_from(row: sa.Row[Any]) -> Accrued:
    """Return the record of a row that has the columns."""
    accruing = row.accruing
    room = accruing.get("room")
    return Accrued(
        days=AccruedPeriods(closed=row.accrued_day, credits=row.day_credits, open=_open(accruing.get("days", []))),
        months=AccruedPeriods(
            closed=row.accrued_month, credits=row.month_credits, open=_open(accruing.get("months", []))
        ),
        room=Room(**room) if room else None,
    )


def accrual_columns(accrued: Accrued) -> dict[str, Any]:
    """Return the columns' values."""
    return {
        "accrued_day": accrued.days.closed,
        "day_credits": accrued.days.credits,
        "accrued_month": accrued.months.closed,
        "month_credits": accrued.months.credits,
        "accruing": {
            "days": [asdict(one) for one in accrued.days.open],
            "months": [asdict(one) for one in accrued.months.open],
            "room": asdict(accrued.room) if accrued.room else None,
        },
    }


def _open(periods: list[dict[str, Any]]) -> tuple[OpenPeriod, ...]:
    return tuple(OpenPeriod(**period) for period in periods)
