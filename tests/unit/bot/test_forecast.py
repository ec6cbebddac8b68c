"""How long a job will wait."""

import datetime as dt

from bot.services.forecast import Forecast
from db.jobs import Place, State
from tests.unit.bot.jobs import NOON, make_job


def learnt(*spans: tuple[float, float, int]) -> Forecast:
    forecast = Forecast()
    for number, (start, end, work) in enumerate(spans):
        times = {"started_at": NOON + dt.timedelta(seconds=start), "ended_at": NOON + dt.timedelta(seconds=end)}
        forecast.learn(make_job(id=f"{number:026d}", state=State.DONE, work=work, charged=4, **times))
    return forecast


def test_wait_without_experience_is_unknown() -> None:
    assert Forecast().wait_s("image", Place(ahead=3, ahead_credits=12)) is None


def test_wait_follows_from_the_speed_of_late() -> None:
    forecast = learnt((0, 10, 4), (10, 20, 4))
    assert forecast.wait_s("image", Place(ahead=3, ahead_credits=12)) == 30


def test_speed_of_jobs_side_by_side_counts_their_time_once() -> None:
    assert learnt((0, 10, 4), (0, 10, 4), (5, 10, 2)).credits_per_s("image") == 1.0


def test_speed_does_not_count_idle_time() -> None:
    assert learnt((0, 10, 10), (1000, 1010, 10)).credits_per_s("image") == 1.0


def test_the_same_job_learnt_twice_counts_once() -> None:
    forecast = learnt((0, 10, 4))
    times = {"started_at": NOON, "ended_at": NOON + dt.timedelta(seconds=10)}
    forecast.learn(make_job(id=f"{0:026d}", state=State.DONE, charged=4, **times))
    assert forecast.credits_per_s("image") == 0.4


def test_a_training_that_ended_early_counts_for_what_was_done() -> None:
    forecast = Forecast()
    times = {"started_at": NOON, "ended_at": NOON + dt.timedelta(seconds=10)}
    forecast.learn(make_job(kind="train", state=State.DONE, price=20, work=20, charged=5, **times))
    assert forecast.credits_per_s("train") == 0.5


def test_only_the_latest_jobs_count() -> None:
    slow = [(100.0 * i, 100.0 * i + 50, 1) for i in range(20)]
    fast = [(5000.0 + 10 * i, 5000.0 + 10 * i + 1, 1) for i in range(20)]
    assert learnt(*slow, *fast).credits_per_s("image") == 1.0


def test_a_job_that_failed_teaches_nothing() -> None:
    forecast = Forecast()
    forecast.learn(make_job(state=State.FAILED, started_at=NOON, ended_at=NOON + dt.timedelta(seconds=9)))
    assert forecast.credits_per_s("image") is None
