"""What an allowance owes, by clocks on different walls."""

import dataclasses
import datetime as dt
import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from db.credits.allowance import NEWCOMER, Accrued, Allowance, due, midnight, month_after

EVENING = dt.datetime(2026, 1, 31, 20, tzinfo=dt.UTC)  # in Tokyo it is February already
TEN = Allowance(10, 1000, 100)


def at(**changes: float) -> dt.datetime:
    return EVENING + dt.timedelta(**changes)


def test_newcomer_gets_this_day_and_this_month() -> None:
    owed = due(TEN, NEWCOMER, 0, EVENING)
    assert (owed.daily, owed.monthly) == (10, 100)


def test_same_day_owes_nothing_more() -> None:
    accrued = due(TEN, NEWCOMER, 0, EVENING).accrued
    later = due(TEN, accrued, 0, at(hours=3))
    assert (later.daily, later.monthly, later.accrued) == (0, 0, accrued)


def test_missed_days_are_owed_up_to_the_cap() -> None:
    accrued = due(TEN, NEWCOMER, 0, EVENING).accrued
    assert due(Allowance(10, 35), accrued, 10, at(days=2)).daily == 20
    assert due(Allowance(10, 35), accrued, 10, at(days=20)).daily == 25


def test_month_begins_by_the_clock_of_the_guild() -> None:
    utc = due(TEN, NEWCOMER, 0, EVENING).accrued
    tokyo = Allowance(10, 1000, 100, "Asia/Tokyo")
    owed = due(tokyo, utc, 0, EVENING)
    assert (owed.daily, owed.monthly) == (10, 100)


def test_clock_that_is_behind_owes_its_own_day_once() -> None:
    tokyo = Allowance(10, 1000, 100, "Asia/Tokyo")
    accrued = due(tokyo, NEWCOMER, 0, EVENING).accrued
    owed = due(TEN, accrued, 0, EVENING)
    assert (owed.daily, owed.monthly) == (10, 100)  # as if it had been looked at first
    again = due(TEN, owed.accrued, 0, at(hours=1))
    assert (again.daily, again.monthly, again.accrued) == (0, 0, owed.accrued)


def test_better_tier_on_the_same_day_owes_the_difference() -> None:
    accrued = due(TEN, NEWCOMER, 0, EVENING).accrued
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
    accrued = NEWCOMER
    given_in_all, hours = 0, 0
    for timezone, wait_h, daily in visits:
        hours += wait_h
        owed = due(Allowance(daily, 10_000, 0, timezone), accrued, 0, at(hours=hours))
        given_in_all += owed.daily
        accrued = owed.accrued
    best = max((daily for _, _, daily in visits), default=0)
    assert given_in_all <= best * (hours // 24 + 3)


def test_order_of_tiers_does_not_matter_after_ten_days_away() -> None:
    everybody, patrons = Allowance(60, 10_000), Allowance(200, 10_000)
    there = due(patrons, NEWCOMER, 0, EVENING)
    for visit in ([everybody, patrons], [patrons, everybody], [patrons]):
        assert there.daily + visited(visit, there.accrued, there.daily, at(days=10))[0] == 2200


def test_order_does_not_matter_where_a_lower_cap_is_seen_first() -> None:
    everybody, patrons = Allowance(60, 120), Allowance(200, 2400, 2000)
    there = due(everybody, NEWCOMER, 0, EVENING).accrued
    for visit in ([everybody, patrons], [patrons, everybody]):
        assert visited(visit, there, 60, at(days=10))[0] == 2340


def test_gift_and_spending_between_two_looks_do_not_change_what_the_day_gives() -> None:
    first = due(Allowance(10, 25), NEWCOMER, 20, EVENING)
    assert first.daily == 5
    assert due(Allowance(10, 25), first.accrued, 0, at(hours=1)).daily == 0
    assert due(Allowance(10, 40), first.accrued, 500, at(hours=1)).daily == 5


PLACES = st.builds(
    Allowance,
    st.integers(0, 50),
    st.sampled_from([0, 20, 100, 1000, 100_000]),
    st.sampled_from([0, 30, 300]),
    st.sampled_from(["UTC", "Asia/Tokyo", "America/Lima", "Europe/Berlin"]),
)
ROUNDS = st.lists(
    st.tuples(
        st.floats(0, 60 * 24) | st.floats(0, 30),  # hours away
        st.lists(PLACES, min_size=1, max_size=4),  # where somebody is seen then
        st.integers(0, 1000),  # what they spend, if they have it
    ),
    max_size=8,
)


def visited(places: Sequence[Allowance], accrued: Accrued, balance: int, now: dt.datetime) -> tuple[int, Accrued]:
    """Return what somebody gets who is looked at in these places, and how far they are accounted for then."""
    given_in_all = 0
    for place in places:
        owed = due(place, accrued, balance + given_in_all, now)
        assert owed.daily >= 0
        assert owed.monthly >= 0
        given_in_all, accrued = given_in_all + owed.daily + owed.monthly, owed.accrued
    return given_in_all, accrued


@given(ROUNDS, st.randoms(use_true_random=False))
def test_order_in_which_places_are_seen_does_not_matter(
    rounds: list[tuple[float, list[Allowance], int]], dice: random.Random
) -> None:
    states, balances, hours = [NEWCOMER, NEWCOMER], [0, 0], 0.0
    for away_h, places, spent in rounds:
        hours += away_h
        for number, order in enumerate((places, dice.sample(places, len(places)))):
            given_now, states[number] = visited(order, states[number], balances[number], at(hours=hours))
            balances[number] += given_now
            balances[number] -= min(spent, balances[number])
        assert balances[0] == balances[1]


@given(st.lists(st.tuples(st.integers(0, 12), st.lists(PLACES, min_size=1, max_size=4)), max_size=8), st.data())
def test_order_of_tiers_on_one_day_does_not_matter_whatever_the_hour(
    days: list[tuple[int, list[Allowance]]], data: st.DataObject
) -> None:
    states, balances, day = [NEWCOMER, NEWCOMER], [0, 0], 0
    for away, places in days:
        day += away + 1
        for number, order in enumerate((places, data.draw(st.permutations(places)))):
            for hour, place in enumerate(order):
                here = dataclasses.replace(place, timezone="UTC")
                now = EVENING.replace(hour=5 * hour) + dt.timedelta(days=day)
                given_now, states[number] = visited([here], states[number], balances[number], now)
                balances[number] += given_now
        assert balances[0] == balances[1]


def test_midnight_is_that_of_the_place_in_summer_and_winter() -> None:
    summer = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    assert midnight(EVENING, "Europe/Berlin", days_on=1) == dt.datetime(2026, 1, 31, 23, tzinfo=dt.UTC)
    assert midnight(summer, "Europe/Berlin", days_on=1) == dt.datetime(2026, 7, 1, 22, tzinfo=dt.UTC)


def test_month_after_december_is_january() -> None:
    december = dt.datetime(2026, 12, 31, 12, tzinfo=dt.UTC)
    assert month_after(december, "UTC") == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def test_cap_leaves_the_day_accounted_for() -> None:
    owed = due(Allowance(10, 5), NEWCOMER, 5, EVENING)
    assert owed.daily == 0
    assert due(Allowance(10, 5), owed.accrued, 0, at(hours=1)).daily == 0
