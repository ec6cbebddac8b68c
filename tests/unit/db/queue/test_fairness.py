"""The fair order as arithmetic: flows in, flows out."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from db.queue.fair_order.fairness import (
    MAX_PASSED,
    RELAXED_EVERY,
    GuildFlow,
    MemberFlow,
    MemberLoad,
    jobs_before,
    next_pace,
    refreshed,
    resized,
    served,
    unserved,
    with_affinity,
)
from db.queue.job import Pace

GUILD = GuildFlow(start=0.0, since=0, clock=0.0, weight=1.0, ready=0, waiting=0, work=0)
MEMBER = MemberFlow(start=0.0, since=0, weight=1.0, ready=False, waiting=0, work=0, passed=0)
FREE = MemberLoad(queued=1, running=0, max_running=1)
FULL = MemberLoad(queued=1, running=1, max_running=1)

flows = st.builds(
    MemberFlow,
    start=st.integers(0, 1000).map(float),
    since=st.integers(0, 100),
    weight=st.sampled_from([0.5, 1.0, 2.0]),
    ready=st.just(True),
    waiting=st.integers(1, 20),
    work=st.integers(20, 400),
    passed=st.integers(0, 3),
)


def test_flow_that_becomes_ready_starts_at_the_clock_not_before() -> None:
    guild, member = resized(GUILD, MEMBER, 1, 5)
    guild, member = refreshed(guild, member, FREE, clock=40.0, seq=9)
    assert (member.ready, member.since, guild.ready, guild.start, guild.since) == (True, 9, 1, 40.0, 9)


def test_flow_that_becomes_ready_keeps_a_tag_ahead_of_the_clock() -> None:
    guild, member = resized(GUILD, replace(MEMBER, start=70.0), 1, 5)
    guild, member = refreshed(guild, member, FREE, clock=40.0, seq=9)
    assert member.start == 70.0


def test_flow_without_a_free_seat_is_not_ready() -> None:
    guild, member = resized(GUILD, MEMBER, 1, 5)
    assert refreshed(guild, member, FULL, clock=0.0, seq=1) == (guild, member)


def test_flow_whose_seat_fills_leaves_the_running() -> None:
    guild, member = refreshed(*resized(GUILD, MEMBER, 1, 5), FREE, clock=0.0, seq=1)
    guild, member = refreshed(guild, member, FULL, clock=0.0, seq=2)
    assert (guild.ready, member.ready) == (0, False)


@given(member=flows, work=st.integers(1, 50))
def test_unserved_undoes_served(member: MemberFlow, work: int) -> None:
    guild, after = unserved(*served(GUILD, member, work), work)
    assert (guild.start, guild.waiting, guild.work) == (GUILD.start, GUILD.waiting, GUILD.work)
    assert (after.start, after.waiting, after.work) == (member.start, member.waiting, member.work)


def test_heavier_weight_moves_the_tag_less() -> None:
    light = served(GUILD, MEMBER, 6)[1]
    heavy = served(GUILD, replace(MEMBER, weight=3.0), 6)[1]
    assert (light.start, heavy.start) == (6.0, 2.0)


def test_relaxed_goes_when_nobody_fast_waits() -> None:
    assert next_pace(fast=False, relaxed=True, fast_run=0) is Pace.RELAXED


def test_relaxed_has_a_floor() -> None:
    paces = [next_pace(fast=True, relaxed=True, fast_run=run) for run in range(RELAXED_EVERY)]
    assert paces == [Pace.FAST] * (RELAXED_EVERY - 1) + [Pace.RELAXED]


def test_floor_without_anybody_relaxed_is_fast() -> None:
    assert next_pace(fast=True, relaxed=False, fast_run=RELAXED_EVERY) is Pace.FAST


def test_resident_model_is_preferred() -> None:
    assert with_affinity([False, True, True], [0, 0, 0]) == 1


def test_flow_that_was_passed_often_enough_goes_first() -> None:
    assert with_affinity([False, True], [MAX_PASSED, 0]) == 0


def test_no_resident_model_keeps_the_order() -> None:
    assert with_affinity([False, False], [0, 0]) == 0


@given(flow=flows, start=st.integers(0, 2000).map(float), since=st.integers(0, 100))
def test_jobs_before_is_what_serving_by_least_tag_would_give(flow: MemberFlow, start: float, since: int) -> None:
    step = flow.work / flow.waiting / flow.weight
    tags = [flow.start + number * step for number in range(flow.waiting)]
    near = sum(abs(tag - start) < 1e-6 for tag in tags)
    count, credits = jobs_before(flow, start, since)
    assert abs(count - sum(tag < start - 1e-6 for tag in tags)) <= near
    assert credits == count * (flow.work / flow.waiting)


def test_jobs_before_breaks_a_tie_by_arrival() -> None:
    flow = MemberFlow(start=5.0, since=3, weight=1.0, ready=True, waiting=2, work=8, passed=0)
    assert (jobs_before(flow, 5.0, 4)[0], jobs_before(flow, 5.0, 2)[0]) == (1, 0)
