"""What credits and questions look like."""

import datetime as dt

import pytest
from discord.ui import TextDisplay

from bot.features.credits.cards import chart, pace_text, quota_card
from bot.shared.cards.quote import quote_text
from bot.shared.orders.order_request import PriceQuote
from bot.shared.tiers import Tiers
from db.credits.statement import Entry, Statement
from db.queue.job import Pace

RENEWS = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def question(**changes: object) -> PriceQuote:
    values: dict[str, object] = {
        "id": "0" * 26,
        "price": 12,
        "available": 20,
        "expected_s": 38.0,
        "renews_at": RENEWS,
        "relaxed": True,
    }
    return PriceQuote(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amounts", "drawn"),
    [((), ""), ((0, 0), "▁▁"), ((1, 100), "▁█"), ((50, 0, 100), "▄▁█"), ((7, 7), "██")],
)
def test_chart_is_as_high_as_the_largest_and_never_empty(amounts: tuple[int, ...], drawn: str) -> None:
    assert chart(amounts) == drawn


def test_question_says_price_balance_and_wait() -> None:
    assert quote_text(question()) == "**This uses 12 of your 20 credits.** Continue?\n-# ready in about 40 s"


def test_question_without_a_known_wait_says_none() -> None:
    assert quote_text(question(expected_s=None)) == "**This uses 12 of your 20 credits.** Continue?"


def test_question_without_the_credits_offers_the_free_way() -> None:
    text = quote_text(question(available=3))
    assert "you have 3." in text
    assert "for free" in text


def test_pace_that_is_not_open_is_not_promised() -> None:
    terms = Tiers.model_validate({"tier": [{"name": "everybody", "relaxed": []}]}).terms(1)
    assert "can't use `/relax`" in pace_text(Pace.RELAXED, terms)


def test_card_says_of_each_entry_what_it_was_for_and_who_gave_it() -> None:
    told = {
        Entry(at=RENEWS, kind="charge", amount=-4, reason="", job_kind="image"): "**-4** for pictures ·",
        Entry(at=RENEWS, kind="charge", amount=-4, reason=""): "**-4** for a job ·",
        Entry(at=RENEWS, kind="hold", amount=-2, reason="", job_kind="train"): "**-2** reserved for a training ·",
        Entry(
            at=RENEWS, kind="grant", amount=50, reason="a *poster*", by_user=9
        ): "**+50** grant by <@9>: a \\*poster\\* ·",
        Entry(at=RENEWS, kind="gift", amount=-5, reason="", by_user=1): "**-5** gift ·",
        Entry(at=RENEWS, kind="allowance", amount=60, reason=""): "**+60** allowance ·",
    }
    statement = Statement(
        available=1, held=0, spent_today=0, daily_allowance=60, renews_at=RENEWS, entries=list(told), spent_by_day=(0,)
    )
    view = quota_card(statement, Tiers.model_validate({"tier": [{"name": "everybody"}]}).terms(1), 1)
    lines = [
        line for item in view.walk_children() if isinstance(item, TextDisplay) for line in item.content.split("\n")
    ]
    for words in told.values():
        assert [line for line in lines if line.startswith(f"-# {words}")] != []
