"""Days as somebody types them to find what they made: 'today', '2026-11', '2026-11-03 to 2026-11-09'. Pure."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

from bot.shared.errors import BadParameter

WRONG = "I can't read that `date`. Try `today`, `yesterday`, `last 7 days`, `2026-11`, or `2026-11-03 to 2026-11-09`."
OFFERED = ("today", "yesterday", "last 7 days", "last 30 days")
_LAST = re.compile(r"last (\d{1,4}) days?")
_DAYS = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_TO = re.compile(r"\s+(?:to|until)\s+|\s*(?:\.\.|–|—)\s*")

Span = tuple[dt.datetime, dt.datetime]  # from the first until before the second


def parse_dates(text: str, now: dt.datetime, timezone: str) -> Span:
    """Return from when until when somebody means.

    Args:
        text: what they typed.
        now: the moment.
        timezone: where its days begin.

    Raises:
        BadParameter: it says no days.
    """
    zone = ZoneInfo(timezone)
    try:
        first, after = _days(" ".join(text.casefold().split()), now.astimezone(zone).date())
    except (ValueError, OverflowError) as error:
        raise BadParameter(WRONG) from error
    midnight = dt.time(tzinfo=zone)
    return dt.datetime.combine(first, midnight), dt.datetime.combine(after, midnight)


def _days(text: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first day, and the one after the last.

    Raises:
        ValueError, OverflowError: there are no such days.
    """
    tomorrow = today + dt.timedelta(days=1)
    if text == "today":
        return today, tomorrow
    if text == "yesterday":
        return today - dt.timedelta(days=1), today
    if last := _LAST.fullmatch(text):
        return tomorrow - dt.timedelta(days=int(last[1])), tomorrow
    begin, *end = _TO.split(text)
    first, after = _span(begin)
    if not end:
        return first, after
    (last_,) = end
    _, after = _span(last_)
    if after <= first:
        raise ValueError
    return first, after


def _span(text: str) -> tuple[dt.date, dt.date]:
    """Return the first day of a year, month or day, and the one after its last."""
    if not (found := _DAYS.fullmatch(text)):
        raise ValueError
    year, month, day = int(found[1]), found[2], found[3]
    if day is not None:
        first = dt.date(year, int(month), int(day))
        return first, first + dt.timedelta(days=1)
    if month is not None:
        first = dt.date(year, int(month), 1)
        return first, (first + dt.timedelta(days=31)).replace(day=1)
    return dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
