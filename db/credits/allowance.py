"""What a member gets by doing nothing: so much a day and a month, by the clock on the wall of the guild. Pure.

No timer gives it out: what is due is worked out when the member is next looked at. Days and months are counted in
the allowance's time zone. A day is worth the best allowance that was seen in it, whatever the order; a missed one is
worth what the next day that is not missed is worth. So days stay open: somebody who is looked at with a better
allowance later on the same day (a new role, another guild) gets the difference, also for the days missed before it.
What the cap cut off comes then as well, if the better allowance has a higher one; the cap is held against what the
member had when the day was first looked at.
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import lru_cache
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a member gets by doing nothing."""

    daily_credits: int
    cap_credits: int  # an allowance never lifts available + held above this; grants and gifts may
    monthly_credits: int = 0
    timezone: str = "UTC"  # an IANA name; where days and months begin at midnight


@dataclass(frozen=True, slots=True)
class OpenPeriod:
    """A day or month in which somebody was seen, and which is not over."""

    number: int
    credits: int  # the best that was seen in it
    until_s: float  # since 1970; where it was seen in several time zones: the end that comes first


@dataclass(frozen=True, slots=True, kw_only=True)
class AccruedPeriods:
    """How far the days, or the months, have been accounted for."""

    closed: int = 0  # the newest that is over; 0: none was seen before, so none was missed
    credits: int = 0  # what that one was worth
    open: tuple[OpenPeriod, ...] = ()  # oldest first; the closed one is in it again if it goes on elsewhere

    @property
    def worth(self) -> int:
        """What the closed period and everything after it are worth together."""
        if not self.closed:
            return sum(one.credits for one in self.open)
        total, best = self.credits, 0
        for number in reversed(range(len(self.open))):
            begin = self.open[number - 1].number if number else self.closed
            best = max(best, self.open[number].credits)
            total += (self.open[number].number - begin) * best
        return total

    def at(self, now: dt.datetime) -> "AccruedPeriods":
        """Close what is over."""
        over = [one.number for one in self.open if one.until_s <= now.timestamp()]
        if not over:
            return self
        closed = max(over)
        best = max(one.credits for one in self.open if one.number >= closed)
        rest = tuple(one for one in self.open if one.number > closed)
        return AccruedPeriods(closed=closed, credits=self.credits if closed == self.closed else best, open=rest)

    def seen(self, number: int, credits: int, until: dt.datetime) -> "AccruedPeriods":
        """Note what somebody was seen with in a period; one before the closed one is not opened again."""
        if number < self.closed:
            return self
        known = next((one for one in self.open if one.number == number), None)
        until_s = until.timestamp() if known is None else min(known.until_s, until.timestamp())
        best = max(credits, known.credits if known else 0, self.credits if number == self.closed else 0)
        others = [one for one in self.open if one.number != number]
        period = OpenPeriod(number, best, until_s)
        return AccruedPeriods(
            closed=self.closed,
            credits=best if number == self.closed else self.credits,
            open=tuple(sorted([*others, period], key=lambda one: one.number)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What limits the allowance of the periods that are open now."""

    balance: int  # available and held credits when the first of them was looked at
    counted: int  # what was accounted for before
    cap: int = 0  # the best that was seen since

    def given(self, worth: int) -> int:
        """Return what has been given since, when everything is worth so much."""
        return min(worth - self.counted, max(0, self.cap - self.balance))


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrued:
    """How far somebody's allowance has been accounted for."""

    days: AccruedPeriods  # by proleptic day number
    months: AccruedPeriods  # by months since year 0
    room: Room | None = field(default=None)  # None: not looked at since a period was closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be given now, and how far everything is accounted for afterwards."""

    daily: int
    monthly: int
    accrued: Accrued


NEWCOMER = Accrued(
    days=AccruedPeriods(), months=AccruedPeriods()
)  # the days and months in which they are seen are due in full


def due(allowance: Allowance, accrued: Accrued, balance: int, now: dt.datetime) -> Due:
    """Return what an allowance owes.

    Missed days and months count in full, as far as the cap leaves room; what does not fit is gone.

    Args:
        allowance: the member's.
        accrued: how far it was accounted for.
        balance: available and held credits together.
        now: the moment that is asked for.
    """
    here = local(now, allowance.timezone)
    days, months, room = accrued.days.at(now), accrued.months.at(now), accrued.room
    if room is None or days is not accrued.days or months is not accrued.months:
        room = Room(balance=balance, counted=days.worth + months.worth)
    given, of_months = room.given(days.worth + months.worth), months.worth
    days = days.seen(here.toordinal(), allowance.daily_credits, midnight(now, allowance.timezone, days_on=1))
    months = months.seen(_month(here), allowance.monthly_credits, month_after(now, allowance.timezone))
    room = replace(room, cap=max(room.cap, allowance.cap_credits))
    owed = room.given(days.worth + months.worth) - given
    monthly = min(owed, months.worth - of_months)
    return Due(daily=owed - monthly, monthly=monthly, accrued=Accrued(days=days, months=months, room=room))


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


def _month(here: dt.datetime) -> int:
    return here.year * 12 + here.month - 1


@lru_cache
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)
