"""How a device's time is shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.fair_scheduler import FairScheduler, weights_for


def share(
    scheduler: FairScheduler, busy: list[str], kind: str, *, costs_s: dict[str, float], total_s: float = 100.0
) -> float:
    used = dict.fromkeys(busy, 0.0)
    while sum(used.values()) < total_s:
        chosen = scheduler.choose(busy)
        assert chosen is not None
        scheduler.record(chosen, costs_s[chosen])
        used[chosen] += costs_s[chosen]
    return used[kind] / sum(used.values())


def test_choose_nothing_busy() -> None:
    assert FairScheduler({}).choose([]) is None


@given(st.floats(0.05, 0.9), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_share_pictures_and_training_by_time_whatever_a_turn_costs(
    train_share: float, image_s: float, train_s: float
) -> None:
    got = share(
        FairScheduler(weights_for(train_share)),
        ["image", "train"],
        "train",
        costs_s={"image": image_s, "train": train_s},
    )
    assert got == pytest.approx(train_share, abs=0.02)


def test_share_training_alone_has_the_whole_device() -> None:
    assert share(FairScheduler(weights_for(0.1)), ["train"], "train", costs_s={"train": 0.5}) == 1.0


def test_share_zero_training_waits_for_pictures() -> None:
    scheduler = FairScheduler(weights_for(0.0))
    assert share(scheduler, ["image", "train"], "train", costs_s={"image": 0.1, "train": 0.1}) == 0.0
    assert scheduler.choose(["train"]) == "train"


def test_choose_after_idling_brings_no_credit() -> None:
    scheduler = FairScheduler(weights_for(0.5))
    share(scheduler, ["image"], "image", costs_s={"image": 0.1})
    assert share(
        scheduler, ["image", "train"], "image", costs_s={"image": 0.1, "train": 0.1}, total_s=10
    ) == pytest.approx(0.5, abs=0.02)


def test_choose_pictures_of_one_step_every_now_and_then_get_their_turn_at_once() -> None:
    scheduler = FairScheduler(weights_for(0.3))
    share(scheduler, ["train"], "train", costs_s={"train": 0.2})
    scheduler.choose(["image", "train"])
    scheduler.record("train", 0.2)
    assert scheduler.choose(["image", "train"]) == "image"


@given(st.integers(1, 20), st.floats(0.01, 0.1), st.floats(0.1, 0.5))
def test_share_of_training_while_pictures_wait_is_held_over_the_pauses_between_them(
    steps: int, image_s: float, train_s: float
) -> None:
    scheduler, used_s = FairScheduler(weights_for(0.25)), {"image": 0.0, "train": 0.0}
    while sum(used_s.values()) < 100:
        assert scheduler.choose(["train"]) == "train"  # the pause: nobody else wants the device
        scheduler.record("train", train_s)
        for _ in range(steps):  # a picture, asked for during that step
            while scheduler.choose(["image", "train"]) == "train":
                scheduler.record("train", train_s)
                used_s["train"] += train_s
            scheduler.record("image", image_s)
            used_s["image"] += image_s
    assert used_s["train"] <= 0.25 * sum(used_s.values()) + train_s
