"""What credits and questions look like."""

import datetime as dt

import pytest

from bot.cards.offer import question_text
from bot.cards.quota import chart, pace_text
from bot.services.asking import Question
from bot.services.tiers import Tiers
from db.jobs import Pace

RENEWS = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def question(**changes: object) -> Question:
    values: dict[str, object] = {
        "offer_id": "0" * 26,
        "price": 12,
        "available": 20,
        "expected_s": 38.0,
        "renews_at": RENEWS,
        "relaxed": True,
    }
    return Question(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amounts", "drawn"),
    [((), ""), ((0, 0), "▁▁"), ((1, 100), "▁█"), ((50, 0, 100), "▄▁█"), ((7, 7), "██")],
)
def test_chart_is_as_high_as_the_largest_and_never_empty(amounts: tuple[int, ...], drawn: str) -> None:
    assert chart(amounts) == drawn


def test_question_says_price_balance_and_wait() -> None:
    assert question_text(question()) == "**That costs 12 credits**, you have 20, about 40 s: go?"


def test_question_without_a_known_wait_says_none() -> None:
    assert question_text(question(expected_s=None)) == "**That costs 12 credits**, you have 20: go?"


def test_question_without_the_credits_offers_the_free_way() -> None:
    text = question_text(question(available=3))
    assert "you have 3 left" in text
    assert "for free" in text


def test_pace_that_is_not_open_is_not_promised() -> None:
    terms = Tiers.model_validate({"tier": [{"name": "everybody", "relaxed": []}]}).terms(1)
    assert "not open" in pace_text(Pace.RELAXED, terms)
