"""What a member gets by doing nothing: so much a day and a month, by the clock on the wall of the guild. Pure.

No timer gives it out: what is due is worked out when the member is next looked at. Days and months are counted in
the allowance's time zone. Somebody who is looked at with a better allowance later on the same day (a new role, another
guild) gets the difference, so the best one of the day counts, whatever the order.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a member gets by doing nothing."""

    daily_credits: int
    cap_credits: int  # an allowance never lifts available + held above this; grants and gifts may
    monthly_credits: int = 0
    timezone: str = "UTC"  # an IANA name; where days and months begin at midnight


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrued:
    """How far somebody's allowance has been accounted for."""

    day: int  # proleptic day number
    day_credits: int  # of that day's allowance
    month: int  # months since year 0
    month_credits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be given now, and how far everything is accounted for afterwards."""

    daily: int
    monthly: int
    accrued: Accrued


def newcomer(allowance: Allowance, now: dt.datetime) -> Accrued:
    """Return where somebody stands who was never looked at: this day and this month are due in full."""
    here = local(now, allowance.timezone)
    return Accrued(day=here.toordinal() - 1, day_credits=0, month=_month(here) - 1, month_credits=0)


def due(allowance: Allowance, accrued: Accrued, balance: int, now: dt.datetime) -> Due:
    """Return what an allowance owes.

    Missed days and months count in full, as far as the cap leaves room; what does not fit is gone.

    balance: available and held credits together.
    """
    here = local(now, allowance.timezone)
    day, day_credits, daily = _owed(here.toordinal(), accrued.day, accrued.day_credits, allowance.daily_credits)
    month, month_credits, monthly = _owed(_month(here), accrued.month, accrued.month_credits, allowance.monthly_credits)
    room = max(0, allowance.cap_credits - balance)
    monthly = min(monthly, room)
    return Due(
        daily=min(daily, room - monthly),
        monthly=monthly,
        accrued=Accrued(day=day, day_credits=day_credits, month=month, month_credits=month_credits),
    )


def midnight(now: dt.datetime, timezone: str, *, days_on: int = 0) -> dt.datetime:
    """Return when the local day of `now` began (or, with `days_on`, a later one will), in UTC."""
    date = local(now, timezone).date() + dt.timedelta(days=days_on)
    return dt.datetime.combine(date, dt.time(), _zone(timezone)).astimezone(dt.UTC)


def month_after(now: dt.datetime, timezone: str) -> dt.datetime:
    """Return when the next local month begins, in UTC."""
    date = local(now, timezone).date()
    first = dt.date(date.year + date.month // 12, date.month % 12 + 1, 1)
    return dt.datetime.combine(first, dt.time(), _zone(timezone)).astimezone(dt.UTC)


def local(now: dt.datetime, timezone: str) -> dt.datetime:
    """Return a moment as a clock in that time zone shows it."""
    return now.astimezone(_zone(timezone))


def _owed(period: int, seen: int, given: int, credits: int) -> tuple[int, int, int]:
    """Return the period accounted for, how much of it, and what that adds."""
    if period > seen:
        return period, credits, (period - seen) * credits
    # Looked at in a time zone that is behind: its day was accounted for already.
    return seen, max(given, credits), max(0, credits - given)


def _month(here: dt.datetime) -> int:
    return here.year * 12 + here.month - 1


@lru_cache
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)
