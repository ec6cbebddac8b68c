"""The order in which jobs are claimed."""

import asyncio
from collections import Counter

import pytest

from db.fairness import MAX_PASSED, RELAXED_EVERY
from db.jobs import Pace
from tests.support.db.crowd import gather_crowd
from tests.support.db.shop import Shop

KINDS = ("image", "train", "transcribe")


async def test_newcomer_waits_for_no_more_than_what_runs(shop: Shop) -> None:
    await gather_crowd(shop.db, members=1, each=1000, guilds=1)
    await shop.claim(8)
    newcomer = await shop.submit(user_id=2, guild_id=1, price=50, interaction_id=5000)
    assert [job.id for job in await shop.claim()] == [newcomer.id]


async def test_newcomer_guild_waits_for_no_more_than_what_runs(shop: Shop) -> None:
    for user_id in range(10, 40):
        await shop.submit(user_id=user_id, guild_id=7, price=1)
    await shop.claim(8)
    newcomer = await shop.submit(user_id=2, guild_id=8, price=50)
    assert [job.id for job in await shop.claim()] == [newcomer.id]


async def test_members_of_one_guild_share_by_credits_of_work(shop: Shop) -> None:
    for _ in range(40):
        await shop.submit(user_id=1, price=1)
        await shop.submit(user_id=2, price=4)
    credits = Counter[int]()
    for job in await shop.claim(40):
        credits[job.user_id] += job.price
    assert abs(credits[1] - credits[2]) <= 4


async def test_guilds_share_equally_however_many_members_they_have(shop: Shop) -> None:
    for user_id in range(10, 40):
        await shop.submit(user_id=user_id, guild_id=7)
    for _ in range(30):
        await shop.submit(user_id=2, guild_id=8)
    guilds = Counter(job.guild_id for job in await shop.claim(20))
    assert guilds == {7: 10, 8: 10}


async def test_newcomers_are_served_in_the_order_of_their_arrival(shop: Shop) -> None:
    asked = [await shop.submit(user_id=user_id) for user_id in (9, 3, 7, 1)]
    assert [job.id for job in await shop.claim(4)] == [job.id for job in asked]


async def test_nobody_saves_turns_up_while_idle(shop: Shop) -> None:
    await shop.submit(user_id=1)
    await shop.claim()
    for _ in range(30):
        await shop.submit(user_id=2)
    await shop.claim(10)
    for _ in range(10):
        await shop.submit(user_id=1)
    assert Counter(job.user_id for job in await shop.claim(10)) == {1: 5, 2: 5}


async def test_using_an_idle_machine_is_not_held_against_anybody(shop: Shop) -> None:
    for _ in range(20):
        await shop.submit(user_id=1)
    await shop.claim(20)
    for _ in range(10):
        await shop.submit(user_id=2)
        await shop.submit(user_id=1)
    assert abs(Counter(job.user_id for job in await shop.claim(10))[1] - 5) <= 1


async def test_given_back_job_is_next_again(shop: Shop) -> None:
    for user_id in (1, 2, 3, 1, 2, 3):
        await shop.submit(user_id=user_id)
    first = await shop.claim(2)
    await shop.give_back(first[1], first[0], blame=True)
    assert [job.id for job in await shop.claim(2)] == [job.id for job in first]


async def test_cancelled_jobs_cost_no_turn(shop: Shop) -> None:
    unwanted = [await shop.submit(user_id=1) for _ in range(5)]
    wanted = await shop.submit(user_id=1)
    for _ in range(5):
        await shop.submit(user_id=2)
    for job in unwanted:
        await shop.jobs.cancel(job.id, by_user=1)
    assert wanted.id in [job.id for job in await shop.claim(2)]


async def test_max_running_is_respected_over_guilds_and_paces(shop: Shop) -> None:
    for guild_id in (7, 8):
        for pace in Pace:
            await shop.submit(guild_id=guild_id, pace=pace, max_running=2)
    running = await shop.claim(10)
    assert len(running) == 2
    assert await shop.claim(10) == []
    await shop.settle(running[0])
    assert len(await shop.claim(10)) == 1


async def test_member_at_the_limit_does_not_block_others(shop: Shop) -> None:
    for _ in range(5):
        await shop.submit(user_id=1, max_running=1)
    other = await shop.submit(user_id=2)
    assert {job.user_id for job in await shop.claim(10)} == {1, other.user_id}


async def test_raised_limit_counts_at_once(shop: Shop) -> None:
    await shop.submit(max_running=1)
    await shop.submit(max_running=1)
    assert len(await shop.claim(10)) == 1
    await shop.submit(max_running=3)
    assert len(await shop.claim(10)) == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_relaxed_waits_for_fast(shop: Shop, kind: str) -> None:
    relaxed = await shop.submit(user_id=1, pace=Pace.RELAXED, kind=kind)
    fast = [await shop.submit(user_id=2, kind=kind) for _ in range(3)]
    assert [job.id for job in await shop.claim(4, kinds=KINDS)] == [*(job.id for job in fast), relaxed.id]


@pytest.mark.parametrize("kind", KINDS)
async def test_relaxed_have_a_fair_order_of_their_own(shop: Shop, kind: str) -> None:
    for _ in range(3):
        await shop.submit(user_id=1, pace=Pace.RELAXED, kind=kind)
    await shop.submit(user_id=2, pace=Pace.RELAXED, kind=kind)
    assert [job.user_id for job in await shop.claim(4, kinds=KINDS)] == [1, 2, 1, 1]


@pytest.mark.parametrize("kind", KINDS)
async def test_relaxed_is_served_now_and_then_however_much_fast_waits(shop: Shop, kind: str) -> None:
    relaxed = await shop.submit(user_id=1, pace=Pace.RELAXED, kind=kind)
    for _ in range(RELAXED_EVERY + 5):
        await shop.submit(user_id=2, price=1, kind=kind)
    assert relaxed.id in [job.id for job in await shop.claim(RELAXED_EVERY, kinds=KINDS)]


async def test_kinds_take_turns(shop: Shop) -> None:
    for _ in range(4):
        await shop.submit(kind="image")
        await shop.submit(kind="train")
    kinds = [(await shop.claim(kinds=["image", "train"]))[0].kind for _ in range(4)]
    assert sorted(kinds[:2]) == sorted(kinds[2:]) == ["image", "train"]


async def test_claim_takes_only_the_kinds_that_were_asked_for(shop: Shop) -> None:
    await shop.submit(kind="train")
    assert await shop.claim(kinds=["image"]) == []
    assert len(await shop.claim(kinds=["image", "train"])) == 1


async def test_resident_model_goes_first_within_a_bound(shop: Shop) -> None:
    patient = await shop.submit(user_id=1, model="cold")
    for user_id in range(2, 12):
        await shop.submit(user_id=user_id, model="warm")
    order = [job.id for job in await shop.claim(10, models={"warm"})]
    assert order.index(patient.id) == MAX_PASSED


async def test_two_dispatchers_never_get_the_same_job(shop: Shop) -> None:
    for user_id in range(1, 31):
        await shop.submit(user_id=user_id)
    claims = await asyncio.gather(*(shop.claim(5, owner=f"d{number}") for number in range(6)))
    ids = [job.id for claimed in claims for job in claimed]
    assert (len(ids), len(set(ids))) == (30, 30)
