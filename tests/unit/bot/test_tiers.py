"""Tiers: roles to terms, and files that are wrong."""

from pathlib import Path

import pytest

from bot.shared.tiers import Tiers, TiersUnusable, read_tiers
from inference.requests import Kind

FILE = """
timezone = "Europe/Berlin"

[[tier]]
name = "everybody"
daily_credits = 100
relaxed = []
largest_px = 1024

[[tier]]
name = "helpers"
roles = [11, 12]
max_queued = 30
relaxed = ["train"]

[[tier]]
name = "patrons"
roles = [13]
guild = 7
daily_credits = 300
monthly_credits = 1000
largest_px = 0
weight = 3

[[guild]]
id = 7
timezone = "Asia/Tokyo"
daily_credits = 5000
weight = 2
"""


@pytest.fixture
def tiers(tmp_path: Path) -> Tiers:
    file = tmp_path / "tiers.toml"
    file.write_text(FILE, encoding="utf-8")
    return read_tiers(file)


def test_terms_without_a_role_are_those_of_everybody(tiers: Tiers) -> None:
    terms = tiers.terms(8, [99])
    assert terms.names == ("everybody",)
    assert (terms.allowance.daily_credits, terms.allowance.cap_credits) == (100, 200)
    assert (terms.largest_px, terms.relaxed, terms.weight) == (1024, frozenset(), 1.0)


def test_terms_take_the_best_of_each_value(tiers: Tiers) -> None:
    terms = tiers.terms(7, [12, 13])
    assert terms.names == ("everybody", "helpers", "patrons")
    assert (terms.allowance.daily_credits, terms.allowance.monthly_credits) == (300, 1000)
    assert terms.allowance.cap_credits == 1600
    assert (terms.max_queued, terms.relaxed, terms.weight, terms.largest_px) == (30, frozenset(Kind), 3.0, 0)


def test_role_of_one_guild_counts_only_there(tiers: Tiers) -> None:
    assert "patrons" not in tiers.terms(8, [13]).names
    assert "patrons" not in tiers.terms(None, [13]).names


def test_guild_has_its_own_clock_weight_and_budget(tiers: Tiers) -> None:
    there, elsewhere = tiers.terms(7), tiers.terms(8)
    assert there.budget is not None
    assert (there.budget.daily_credits, there.budget.monthly_credits, there.budget.timezone) == (
        5000,
        None,
        "Asia/Tokyo",
    )
    assert (there.allowance.timezone, there.guild_weight) == ("Asia/Tokyo", 2.0)
    assert (elsewhere.allowance.timezone, elsewhere.guild_weight, elsewhere.budget) == ("Europe/Berlin", 1.0, None)


def test_training_has_limits_of_its_own(tiers: Tiers) -> None:
    terms = tiers.terms(7, [11])
    assert (terms.limits(Kind.TRAIN).max_queued, terms.limits(Kind.IMAGE).max_queued) == (2, 30)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("[[tier]]\nname = 'a'\nroles = [1]", "everybody"),
        ("[[tier]]\nname = 'a'\ndaily_credit = 5", "daily_credit"),
        ("[[tier]]\nname = 'a'\ndaily_credits = -5", "daily_credits"),
        ("[[tier]]\nname = 'a'\nrelaxed = ['imagine']", "relaxed"),
        ("timezone = 'Mars/Olympus'\n[[tier]]\nname = 'a'", "Mars/Olympus"),
        ("[[tier", "tiers.toml"),
    ],
)
def test_file_that_is_wrong_names_what_is_wrong(tmp_path: Path, wrong: str, told: str) -> None:
    file = tmp_path / "tiers.toml"
    file.write_text(wrong, encoding="utf-8")
    with pytest.raises(TiersUnusable, match=told):
        read_tiers(file)


def test_file_that_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(TiersUnusable, match=r"none\.toml"):
        read_tiers(tmp_path / "none.toml")
