"""Tests come out the same whenever they are run (`tests/support/clock.py`)."""

import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.clock import CLOCK_OFFSET_S, NOON_ZONE, START, noon_zone

TESTS = Path(__file__).parents[1]
STORE = [TESTS / "integration/db", TESTS / "simulation"]
ASKS_THE_DAY = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(|\bDatabase\.from_url\(")


def test_store_is_tested_on_one_day_by_its_own_clock() -> None:
    files = [file for room in STORE for file in room.rglob("*.py")]
    assert len(files) > 20
    assert [str(file) for file in files if ASKS_THE_DAY.search(file.read_text("utf-8"))] == []


def test_store_begins_at_noon_in_the_middle_of_week_and_month() -> None:
    began = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=CLOCK_OFFSET_S)
    assert START <= began < START + dt.timedelta(hours=6)
    assert (START.hour, START.isoweekday(), START.day) == (12, 3, 14)


def test_day_of_the_bots_is_far_from_its_midnights() -> None:
    assert 11 <= dt.datetime.now(ZoneInfo(NOON_ZONE)).hour <= 18


@pytest.mark.parametrize("hour", range(24))
def test_it_is_noon_somewhere_at_every_hour(hour: int) -> None:
    now = dt.datetime(2026, 3, 8, hour, 59, tzinfo=dt.UTC)
    assert now.astimezone(ZoneInfo(noon_zone(now))).hour == 12
