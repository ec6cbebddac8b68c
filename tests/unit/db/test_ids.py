"""Identifiers sort by time and do not repeat."""

import datetime as dt
import re

from db.ids import moment_of, new_id

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def test_id_has_26_lower_case_characters() -> None:
    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{26}", new_id(NOW))


def test_ids_sort_by_time() -> None:
    ids = [new_id(NOW + dt.timedelta(milliseconds=number)) for number in range(50)]
    assert ids == sorted(ids)


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id(NOW) for _ in range(1000)}) == 1000


def test_id_tells_when_it_was_made() -> None:
    assert moment_of(new_id(NOW)) == NOW
