"""Which lanes share a pass, and how many."""

from hypothesis import given
from hypothesis import strategies as st

from inference.engines.image.batches import BatchLimit, choose_lanes

GROUP = ("model", (64, 64), ())


def test_all_lanes_are_taken_when_they_fit() -> None:
    assert choose_lanes({"a": ["a1", "a2"], "b": ["b1"]}, {"a": 9, "b": 0}, 3) == ["a1", "a2", "b1"]


def test_job_that_had_less_goes_first() -> None:
    assert choose_lanes({"a": ["a1", "a2"], "b": ["b1", "b2"]}, {"a": 2, "b": 0}, 2) == ["b1", "b2"]


def test_equal_jobs_share_the_pass() -> None:
    waiting = {"a": ["a1", "a2", "a3"], "b": ["b1", "b2", "b3"]}
    assert choose_lanes(waiting, {"a": 0, "b": 0}, 4) == ["a1", "a2", "b1", "b2"]


@given(st.integers(2, 6), st.integers(1, 8), st.integers(1, 60))
def test_jobs_with_lanes_to_spare_never_differ_by_more_than_a_lane_step(jobs: int, limit: int, passes: int) -> None:
    waiting = {str(number): [f"{number}-{lane}" for lane in range(limit)] for number in range(jobs)}
    served = dict.fromkeys(waiting, 0)
    for _ in range(passes):
        chosen = choose_lanes(waiting, served, limit)
        assert len(set(chosen)) == limit
        for lane in chosen:
            served[lane.split("-")[0]] += 1
    assert max(served.values()) - min(served.values()) <= 1


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.integers(1, 40))
def test_pass_is_as_full_as_it_can_be(sizes: list[int], limit: int) -> None:
    waiting = {str(number): list(range(100 * number, 100 * number + size)) for number, size in enumerate(sizes)}
    chosen = choose_lanes(waiting, dict.fromkeys(waiting, 0), limit)
    assert len(set(chosen)) == len(chosen) == min(limit, sum(sizes))


def test_failed_pass_halves_the_limit_of_its_group_alone() -> None:
    limit = BatchLimit(16)
    assert limit.note_failure(GROUP, 12)
    assert limit.allowed(GROUP) == 6
    assert limit.allowed(("other", (64, 64), ())) == 16


def test_single_lane_that_fails_cannot_be_made_smaller() -> None:
    assert not BatchLimit(16).note_failure(GROUP, 1)


def test_limit_comes_back_when_the_group_has_gone() -> None:
    limit = BatchLimit(16)
    limit.note_failure(GROUP, 16)
    limit.forget(GROUP)
    assert limit.allowed(GROUP) == 16


def test_measured_memory_lowers_the_limit_but_never_below_what_has_fit() -> None:
    limit = BatchLimit(16)
    limit.note_pass(GROUP, 2, used_bytes=200, free_bytes=1_000)
    assert limit.allowed(GROUP) == 9
    limit.note_pass(GROUP, 9, used_bytes=2_000, free_bytes=1_000)
    assert limit.allowed(GROUP) == 9
