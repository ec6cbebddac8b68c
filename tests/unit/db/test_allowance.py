"""What an allowance owes, by clocks on different walls."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from db.allowance import Accrued, Allowance, due, midnight, month_after, newcomer

EVENING = dt.datetime(2026, 1, 31, 20, tzinfo=dt.UTC)  # in Tokyo it is February already
TEN = Allowance(10, 1000, 100)


def at(**changes: float) -> dt.datetime:
    return EVENING + dt.timedelta(**changes)


def test_newcomer_gets_this_day_and_this_month() -> None:
    owed = due(TEN, newcomer(TEN, EVENING), 0, EVENING)
    assert (owed.daily, owed.monthly) == (10, 100)


def test_same_day_owes_nothing_more() -> None:
    accrued = due(TEN, newcomer(TEN, EVENING), 0, EVENING).accrued
    later = due(TEN, accrued, 0, at(hours=3))
    assert (later.daily, later.monthly, later.accrued) == (0, 0, accrued)


def test_missed_days_are_owed_up_to_the_cap() -> None:
    accrued = due(TEN, newcomer(TEN, EVENING), 0, EVENING).accrued
    assert due(Allowance(10, 35), accrued, 10, at(days=2)).daily == 20
    assert due(Allowance(10, 35), accrued, 10, at(days=20)).daily == 25


def test_month_begins_by_the_clock_of_the_guild() -> None:
    utc = due(TEN, newcomer(TEN, EVENING), 0, EVENING).accrued
    tokyo = Allowance(10, 1000, 100, "Asia/Tokyo")
    owed = due(tokyo, utc, 0, EVENING)
    assert (owed.daily, owed.monthly) == (10, 100)


def test_clock_that_is_behind_owes_nothing_again() -> None:
    tokyo = Allowance(10, 1000, 100, "Asia/Tokyo")
    accrued = due(tokyo, newcomer(tokyo, EVENING), 0, EVENING).accrued
    owed = due(TEN, accrued, 0, EVENING)
    assert (owed.daily, owed.monthly, owed.accrued) == (0, 0, accrued)


def test_better_tier_on_the_same_day_owes_the_difference() -> None:
    accrued = due(TEN, newcomer(TEN, EVENING), 0, EVENING).accrued
    better = Allowance(25, 1000, 300)
    owed = due(better, accrued, 110, EVENING)
    assert (owed.daily, owed.monthly) == (15, 200)
    assert due(TEN, owed.accrued, 325, EVENING).accrued == owed.accrued


@given(
    st.lists(
        st.tuples(st.sampled_from(["UTC", "Asia/Tokyo", "America/Lima"]), st.integers(0, 40), st.integers(0, 50)),
        max_size=30,
    )
)
def test_no_order_of_places_and_tiers_gives_more_than_the_best_each_day(visits: list[tuple[str, int, int]]) -> None:
    accrued = newcomer(Allowance(0, 10_000, 0, "America/Lima"), EVENING)
    given_in_all, hours = 0, 0
    for timezone, wait_h, daily in visits:
        hours += wait_h
        owed = due(Allowance(daily, 10_000, 0, timezone), accrued, 0, at(hours=hours))
        given_in_all += owed.daily
        accrued = owed.accrued
    best = max((daily for _, _, daily in visits), default=0)
    assert given_in_all <= best * (hours // 24 + 3)


def test_midnight_is_that_of_the_place_in_summer_and_winter() -> None:
    summer = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    assert midnight(EVENING, "Europe/Berlin", days_on=1) == dt.datetime(2026, 1, 31, 23, tzinfo=dt.UTC)
    assert midnight(summer, "Europe/Berlin", days_on=1) == dt.datetime(2026, 7, 1, 22, tzinfo=dt.UTC)


def test_month_after_december_is_january() -> None:
    december = dt.datetime(2026, 12, 31, 12, tzinfo=dt.UTC)
    assert month_after(december, "UTC") == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def test_cap_leaves_the_day_accounted_for() -> None:
    owed = due(Allowance(10, 5), newcomer(TEN, EVENING), 5, EVENING)
    assert owed.daily == 0
    assert owed.accrued == Accrued(day=EVENING.toordinal(), day_credits=10, month=owed.accrued.month, month_credits=0)
