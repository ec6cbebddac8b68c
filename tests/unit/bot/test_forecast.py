"""How long a job will wait."""

import datetime as dt
import math

from hypothesis import given
from hypothesis import strategies as st

from bot.shared.forecast import Forecast
from db.queue.job import Job, State
from tests.support.bot.jobs import NOON, make_job


def learnt(*spans: tuple[float, float, int]) -> Forecast:
    forecast = Forecast()
    for number, (start, end, work) in enumerate(spans):
        times = {"started_at": NOON + dt.timedelta(seconds=start), "ended_at": NOON + dt.timedelta(seconds=end)}
        forecast.learn(make_job(id=f"{number:026d}", state=State.DONE, work=work, charged=4, **times))
    return forecast


def test_wait_without_experience_is_unknown() -> None:
    assert Forecast().duration_s("image", 12) is None


def test_wait_follows_from_the_speed_of_late() -> None:
    forecast = learnt((0, 10, 4), (10, 20, 4))
    assert forecast.duration_s("image", 12) == 30


def test_speed_of_jobs_side_by_side_counts_their_time_once() -> None:
    assert learnt((0, 10, 4), (0, 10, 4), (5, 10, 2)).duration_s("image", 10) == 10


def test_speed_does_not_count_idle_time() -> None:
    assert learnt((0, 10, 10), (1000, 1010, 10)).duration_s("image", 10) == 10


def test_the_same_job_learnt_twice_counts_once() -> None:
    forecast = learnt((0, 10, 4))
    times = {"started_at": NOON, "ended_at": NOON + dt.timedelta(seconds=10)}
    forecast.learn(make_job(id=f"{0:026d}", state=State.DONE, charged=4, **times))
    assert forecast.duration_s("image", 4) == 10


def test_a_training_that_ended_early_counts_for_what_was_done() -> None:
    forecast = Forecast()
    times = {"started_at": NOON, "ended_at": NOON + dt.timedelta(seconds=10)}
    forecast.learn(make_job(kind="train", state=State.DONE, price=20, work=20, charged=5, **times))
    assert forecast.duration_s("train", 5) == 10


def test_only_the_latest_jobs_count() -> None:
    slow = [(100.0 * i, 100.0 * i + 50, 1) for i in range(20)]
    fast = [(5000.0 + 10 * i, 5000.0 + 10 * i + 1, 1) for i in range(20)]
    assert learnt(*slow, *fast).duration_s("image", 10) == 10


def test_a_job_that_failed_teaches_nothing() -> None:
    forecast = Forecast()
    forecast.learn(make_job(state=State.FAILED, started_at=NOON, ended_at=NOON + dt.timedelta(seconds=9)))
    assert forecast.duration_s("image", 4) is None


def test_a_training_that_was_stopped_for_nothing_teaches_nothing() -> None:
    forecast = Forecast()
    times = {"started_at": NOON, "ended_at": NOON + dt.timedelta(seconds=10)}
    forecast.learn(make_job(kind="train", state=State.DONE, price=20, work=20, charged=0, **times))
    assert forecast.duration_s("train", 20) is None
    assert forecast.duration_s("train", 20) is None


amounts = st.one_of(st.integers(-5, 5), st.sampled_from([math.nan, math.inf, -math.inf, 1e308]))
lengths_s = st.sampled_from([-86_400.0, -1.0, 0.0, 1e-6, 10.0, 86_400.0])


@given(jobs=st.lists(st.tuples(amounts, amounts, amounts, lengths_s), max_size=30), credits=st.integers(0, 10**6))
def test_whatever_was_learnt_a_forecast_is_a_time_or_unknown(
    jobs: list[tuple[float, float, float, float]], credits: int
) -> None:
    forecast = Forecast()
    for number, (work, price, charged, length_s) in enumerate(jobs):
        times = {"started_at": NOON, "ended_at": NOON + dt.timedelta(seconds=length_s)}
        values = {"work": work, "price": price, "charged": charged}
        forecast.learn(make_job(id=f"{number:026d}", state=State.DONE, **values, **times))
    for found in (
        forecast.duration_s("image", credits),
        forecast.duration_s("image", credits),
    ):
        assert found is None or 0 <= found < math.inf


def running(seconds: float, done: int, *, attempt: int = 1) -> Job:
    """Return a job of twenty steps as it was reported at some time."""
    return make_job(
        state=State.RUNNING,
        attempt=attempt,
        progress_done=done,
        progress_total=20,
        changed_at=NOON + dt.timedelta(seconds=seconds),
    )


def test_time_left_follows_from_the_jobs_own_speed_since_its_first_report() -> None:
    forecast = Forecast()
    assert (
        forecast.left_s(running(100, 5)) is None
    )  # its first steps were those of a checkpoint, and a model was loaded
    assert forecast.left_s(running(110, 10)) == 20
    assert forecast.left_s(running(130, 15)) == 15


def test_time_left_is_by_the_speed_of_late_until_a_job_has_one_of_its_own() -> None:
    forecast = learnt((0, 10, 4))
    assert forecast.left_s(make_job(state=State.RUNNING, attempt=1)) == 10
    assert forecast.left_s(running(100, 5)) == 7.5


def test_time_left_of_a_job_that_reports_nothing_gets_shorter_and_is_unknown_where_it_takes_longer() -> None:
    forecast = learnt((0, 10, 4))
    left_s = {
        after_s: forecast.left_s(
            make_job(state=State.RUNNING, attempt=1, started_at=NOON, changed_at=NOON + dt.timedelta(seconds=after_s))
        )
        for after_s in (0, 4, 11)
    }
    assert left_s == {0: 10, 4: 6, 11: None}


def test_time_left_of_another_attempt_begins_anew() -> None:
    forecast = Forecast()
    forecast.left_s(running(0, 0))
    assert forecast.left_s(running(60, 2, attempt=2)) is None
    assert forecast.left_s(running(61, 4, attempt=2)) == 8


def test_jobs_that_ended_are_forgotten() -> None:
    forecast = Forecast()
    forecast.left_s(running(0, 0))
    forecast.learn(make_job(state=State.CANCELLED))
    assert forecast.left_s(running(10, 10)) is None
