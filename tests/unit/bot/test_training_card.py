"""What the card of a training shows, and what can be pressed on it."""

from typing import Any

import pytest

from bot.features.history.cards import queue_card
from bot.features.history.jobs import QueuedJob
from bot.job_kinds import JOB_KINDS
from bot.shared.cards.job import info_text
from bot.shared.cards.job_kind import CardContent
from db.queue.fair_order.position import QueuePosition
from db.queue.job import Job, State
from inference.requests import TrainRequest, from_json, to_json
from tests.support.bot.cards import all_components, drawn, labels, sent, texts
from tests.support.bot.catalogues import CATALOGUE
from tests.support.bot.jobs import make_job
from tests.support.fakes.requests import train_request

SELECT = 3
HALF = {"state": State.RUNNING, "progress_done": 10, "progress_total": 20}


def training(**changes: Any) -> Job:
    return make_job(kind="train", request=to_json(train_request()), price=2, **changes)


def options(job: Job, **shown: Any) -> list[tuple[str, bool]]:
    """Return the labels of the menu's options, and which of them is the chosen one."""
    menus = [one for one in drawn(job, **shown) if one["type"] == SELECT]
    return [(option["label"], option.get("default", False)) for menu in menus for option in menu["options"]]


def test_running_training_without_a_film_can_only_be_stopped() -> None:
    card = drawn(training(**HALF))
    assert labels(card) == ["Stop early", "Info"]
    assert options(training(**HALF)) == []
    assert "stopping now costs 1 of 2 credits" in texts(card)


def test_card_and_queue_say_that_it_is_a_training() -> None:
    request = from_json(training().request)
    assert isinstance(request, TrainRequest)
    name = f"Train {request.name} ({request.class_noun})"
    queue = queue_card([QueuedJob(training(**HALF), QueuePosition(ahead=0, ahead_credits=0), None)])
    assert name in texts(drawn(training(**HALF)))
    assert f"▶️ `{name}`" in texts(all_components(sent(queue)))


def test_running_training_offers_each_step_of_its_film() -> None:
    job = training(**HALF)
    assert options(job, steps=(5, 10)) == [("Stop and use step 5", False), ("Stop and use step 10", False)]
    assert labels(drawn(job, steps=(5, 10))) == ["Stop early", "Info"]


@pytest.mark.parametrize("state", [State.RUNNING, State.QUEUED])  # queued: its worker was lost meanwhile
def test_training_that_is_stopping_says_what_will_come_of_it_and_offers_nothing_more(state: State) -> None:
    job = training(state=state, cancel_requested=True)
    card = drawn(job, steps=(5, 10), chosen=5)
    assert "Stopping … the subject will use step 5." in texts(card)
    assert options(job, steps=(5, 10), chosen=5) == []
    assert next(one for one in card if one.get("label") == "Stop early")["disabled"]


def test_ended_training_offers_the_other_steps_and_says_what_was_given_back() -> None:
    job = training(state=State.DONE, charged=1, outcome={"steps": 10})
    assert options(job, steps=(5, 10), chosen=5) == [("Use step 5", True), ("Use step 10", False)]
    text = texts(drawn(job, steps=(5, 10), chosen=5))
    assert "10 steps · `tiny` · 1 credit (1 credit refunded)" in text
    assert "**Training finished.** `rex` uses step 5 of 10." in text


def test_info_of_a_training_says_what_was_asked_for_and_not_its_trigger() -> None:
    request = train_request("Zog", photos=("a", "b", "c"), trigger="zkvb", keep_photos=True, rank=16)
    text = info_text(JOB_KINDS["train"], make_job(kind="train", request=to_json(request)), CATALOGUE)
    lines = text.splitlines()[1:8]
    assert lines == [
        "Subject: Zog (dog)",
        "Photos: 3, kept",
        "Model: builtin",
        "Steps: 20",
        "Rank: 16",
        "Learning rate: 0.001",
        "Seed: 7",
    ]
    assert "zkvb" not in text


def test_card_of_the_longest_film_keeps_the_platforms_limits() -> None:
    assert len(options(training(**HALF), steps=range(1, 100))) == 25
    assert CardContent(steps=(5,)).files == ()
