"""The order in which jobs are claimed."""

import asyncio
from collections import Counter

import pytest

from db.queue.fair_order.fairness import MAX_PASSED, RELAXED_EVERY
from db.queue.job import Pace
from tests.support.db.store import StoreHarness
from tests.support.db.waiting import insert_waiting_jobs

KINDS = ("image", "train", "transcribe")


async def test_newcomer_waits_for_no_more_than_what_runs(store: StoreHarness) -> None:
    await insert_waiting_jobs(store.db, members=1, each=1000, guilds=1)
    await store.claim(8)
    newcomer = await store.submit(user_id=2, guild_id=1, price=50, interaction_id=5000)
    assert [job.id for job in await store.claim()] == [newcomer.id]


async def test_newcomer_guild_waits_for_no_more_than_what_runs(store: StoreHarness) -> None:
    for user_id in range(10, 40):
        await store.submit(user_id=user_id, guild_id=7, price=1)
    await store.claim(8)
    newcomer = await store.submit(user_id=2, guild_id=8, price=50)
    assert [job.id for job in await store.claim()] == [newcomer.id]


async def test_members_of_one_guild_share_by_credits_of_work(store: StoreHarness) -> None:
    for _ in range(40):
        await store.submit(user_id=1, price=1)
        await store.submit(user_id=2, price=4)
    credits = Counter[int]()
    for job in await store.claim(40):
        credits[job.user_id] += job.price
    assert abs(credits[1] - credits[2]) <= 4


async def test_guilds_share_equally_however_many_members_they_have(store: StoreHarness) -> None:
    for user_id in range(10, 40):
        await store.submit(user_id=user_id, guild_id=7)
    for _ in range(30):
        await store.submit(user_id=2, guild_id=8)
    guilds = Counter(job.guild_id for job in await store.claim(20))
    assert guilds == {7: 10, 8: 10}


async def test_newcomers_are_served_in_the_order_of_their_arrival(store: StoreHarness) -> None:
    asked = [await store.submit(user_id=user_id) for user_id in (9, 3, 7, 1)]
    assert [job.id for job in await store.claim(4)] == [job.id for job in asked]


async def test_nobody_saves_turns_up_while_idle(store: StoreHarness) -> None:
    await store.submit(user_id=1)
    await store.claim()
    for _ in range(30):
        await store.submit(user_id=2)
    await store.claim(10)
    for _ in range(10):
        await store.submit(user_id=1)
    assert Counter(job.user_id for job in await store.claim(10)) == {1: 5, 2: 5}


async def test_using_an_idle_machine_is_not_held_against_anybody(store: StoreHarness) -> None:
    for _ in range(20):
        await store.submit(user_id=1)
    await store.claim(20)
    for _ in range(10):
        await store.submit(user_id=2)
        await store.submit(user_id=1)
    assert abs(Counter(job.user_id for job in await store.claim(10))[1] - 5) <= 1


async def test_given_back_job_is_next_again(store: StoreHarness) -> None:
    for user_id in (1, 2, 3, 1, 2, 3):
        await store.submit(user_id=user_id)
    first = await store.claim(2)
    await store.give_back(first[1], first[0], blame=True)
    assert [job.id for job in await store.claim(2)] == [job.id for job in first]


async def test_cancelled_jobs_cost_no_turn(store: StoreHarness) -> None:
    unwanted = [await store.submit(user_id=1) for _ in range(5)]
    wanted = await store.submit(user_id=1)
    for _ in range(5):
        await store.submit(user_id=2)
    for job in unwanted:
        await store.jobs.cancel(job.id, by_user=1)
    assert wanted.id in [job.id for job in await store.claim(2)]


async def test_max_running_is_respected_over_guilds_and_paces(store: StoreHarness) -> None:
    for guild_id in (7, 8):
        for pace in Pace:
            await store.submit(guild_id=guild_id, pace=pace, max_running=2)
    running = await store.claim(10)
    assert len(running) == 2
    assert await store.claim(10) == []
    await store.settle(running[0])
    assert len(await store.claim(10)) == 1


async def test_member_at_the_limit_does_not_block_others(store: StoreHarness) -> None:
    for _ in range(5):
        await store.submit(user_id=1, max_running=1)
    other = await store.submit(user_id=2)
    assert {job.user_id for job in await store.claim(10)} == {1, other.user_id}


async def test_raised_limit_counts_at_once(store: StoreHarness) -> None:
    await store.submit(max_running=1)
    await store.submit(max_running=1)
    assert len(await store.claim(10)) == 1
    await store.submit(max_running=3)
    assert len(await store.claim(10)) == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_relaxed_waits_for_fast(store: StoreHarness, kind: str) -> None:
    relaxed = await store.submit(user_id=1, pace=Pace.RELAXED, kind=kind)
    fast = [await store.submit(user_id=2, kind=kind) for _ in range(3)]
    assert [job.id for job in await store.claim(4, kinds=KINDS)] == [*(job.id for job in fast), relaxed.id]


@pytest.mark.parametrize("kind", KINDS)
async def test_relaxed_have_a_fair_order_of_their_own(store: StoreHarness, kind: str) -> None:
    for _ in range(3):
        await store.submit(user_id=1, pace=Pace.RELAXED, kind=kind)
    await store.submit(user_id=2, pace=Pace.RELAXED, kind=kind)
    assert [job.user_id for job in await store.claim(4, kinds=KINDS)] == [1, 2, 1, 1]


@pytest.mark.parametrize("kind", KINDS)
async def test_relaxed_is_served_now_and_then_however_much_fast_waits(store: StoreHarness, kind: str) -> None:
    relaxed = await store.submit(user_id=1, pace=Pace.RELAXED, kind=kind)
    for _ in range(RELAXED_EVERY + 5):
        await store.submit(user_id=2, price=1, kind=kind)
    assert relaxed.id in [job.id for job in await store.claim(RELAXED_EVERY, kinds=KINDS)]


async def test_kinds_take_turns(store: StoreHarness) -> None:
    for _ in range(4):
        await store.submit(kind="image")
        await store.submit(kind="train")
    kinds = [(await store.claim(kinds=["image", "train"]))[0].kind for _ in range(4)]
    assert sorted(kinds[:2]) == sorted(kinds[2:]) == ["image", "train"]


async def test_claim_takes_only_the_kinds_that_were_asked_for(store: StoreHarness) -> None:
    await store.submit(kind="train")
    assert await store.claim(kinds=["image"]) == []
    assert len(await store.claim(kinds=["image", "train"])) == 1


async def test_resident_model_goes_first_within_a_bound(store: StoreHarness) -> None:
    patient = await store.submit(user_id=1, model="cold")
    for user_id in range(2, 12):
        await store.submit(user_id=user_id, model="warm")
    order = [job.id for job in await store.claim(10, models={"warm"})]
    assert order.index(patient.id) == MAX_PASSED


async def test_two_dispatchers_never_get_the_same_job(store: StoreHarness) -> None:
    for user_id in range(1, 31):
        await store.submit(user_id=user_id)
    claims = await asyncio.gather(*(store.claim(5, owner=f"d{number}") for number in range(6)))
    ids = [job.id for claimed in claims for job in claimed]
    assert (len(ids), len(set(ids))) == (30, 30)
