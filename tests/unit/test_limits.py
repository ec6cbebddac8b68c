"""Everything that can be done for free is in the table of limits, and the documented table is the code's."""

from pathlib import Path
from typing import Any

import pytest
from discord import app_commands

import bot.client  # noqa: F401 (it brings every button, menu and form)
from bot.features.imagine.spread import JOBS_MAX
from bot.features.train.training import ALL_PHOTO_SETS_MAX, PHOTOS_MAX
from bot.shared.discord.forms import MEMBERS_MAX, Form
from bot.shared.discord.limits import (
    AUTOCOMPLETE,
    CROSS,
    ENVELOPE,
    GREETING,
    LIMITS,
    MESSAGE,
    NOTICE,
    PHOTOS,
    PICTURES,
    REFUSAL,
    REPLY,
    STAR,
    RateLimit,
    RateLimits,
)
from bot.shared.discord.persistent_items import PersistentItem
from bot.shared.files.downloads import AT_ONCE
from db.people import new_subject
from db.people.favourites import FAVOURITES_MAX
from db.queue import pending

DOCS = Path(__file__).parents[2] / "docs/limits.md"
BEN, CLEO = 120000000000000001, 120000000000000002


class Clock:
    """Seconds, moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock) -> RateLimits:
    return RateLimits([RateLimit("looking", 2, 60, ("/queue", "/history"))], clock=clock)


def test_documented_limits_are_those_of_the_code() -> None:
    rows = [
        f"| {one.name} | {one.times} | {one.per_s:g} s | {', '.join(f'`{entry}`' for entry in one.entries)} |"
        for one in LIMITS
    ]
    documented = DOCS.read_text("utf-8").split("| --- | ---: | ---: | --- |\n")[1].split("\n\n")[0]
    assert documented.splitlines() == rows


def test_documented_caps_are_those_of_the_code() -> None:
    table = DOCS.read_text("utf-8").split("| --- | ---: | --- |\n")[1].split("\n\n")[0]
    documented = [int(line.split(" | ")[1]) for line in table.splitlines()]
    assert documented == [
        1,
        1,
        1,
        AT_ONCE,
        new_subject.KEPT_MAX,
        PHOTOS_MAX,
        pending.PHOTO_SETS_MAX,
        ALL_PHOTO_SETS_MAX,
        pending.QUESTIONS_MAX,
        JOBS_MAX,
        FAVOURITES_MAX,
        MEMBERS_MAX,
    ]


def test_no_entry_point_has_two_limits() -> None:
    entries = [entry for limit in LIMITS for entry in limit.entries]
    assert sorted(entries) == sorted(set(entries))


def test_limit_counts_all_its_entry_points_together_and_each_member_alone() -> None:
    clock = Clock()
    counted = limits(clock)
    counted.take("/queue", BEN)
    counted.take("/history", BEN)
    clock.now += 20
    with pytest.raises(app_commands.CommandOnCooldown) as refused:
        counted.take("/queue", BEN)
    assert refused.value.retry_after == 40
    counted.take("/queue", CLEO)
    clock.now += 41
    counted.take("/queue", BEN)


def kinds_of(base: Any) -> set[Any]:
    return {kind for child in base.__subclasses__() for kind in {child, *kinds_of(child)}}


def test_every_button_menu_and_form_has_a_limit() -> None:
    items = {f"{item.topic}:{item.verb}" for item in kinds_of(PersistentItem) if item.verb != "none"}
    forms = {f"form {form.title}" for form in kinds_of(Form)}
    assert len(items) >= 30
    assert len(forms) >= 3
    named = {entry for limit in LIMITS for entry in limit.entries if not entry.startswith(("/", "menu "))}
    reactions = {CROSS, ENVELOPE, STAR}
    assert named == items | forms | reactions | {
        AUTOCOMPLETE,
        GREETING,
        MESSAGE,
        NOTICE,
        PHOTOS,
        PICTURES,
        REFUSAL,
        REPLY,
    }


@pytest.mark.parametrize("command", ["queue", "/nothing"])
def test_entry_point_in_no_row_is_counted_as_a_request(command: str) -> None:
    counted = RateLimits(clock=Clock())
    for _ in range(LIMITS[0].times):
        counted.take(command, BEN)
    with pytest.raises(app_commands.CommandOnCooldown):
        counted.take(command, BEN)
