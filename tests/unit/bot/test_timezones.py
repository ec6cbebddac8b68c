"""Time zones: those that do not exist are refused, with the one that was meant."""

import pytest

from bot.shared.timezones import known_zone


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
    ],
)
def test_zone_that_does_not_exist_is_refused_with_the_one_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"Did you mean {meant}\\?"):
        known_zone(name)


@pytest.mark.parametrize("name", ["", "Mars/Olympus Mons", "../../etc/passwd", "/etc/localtime"])
def test_zone_that_is_like_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        known_zone(name)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Tokyo"])
def test_zone_that_exists_is_taken(name: str) -> None:
    assert known_zone(name) == name
