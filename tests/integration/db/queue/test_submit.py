"""Submitting: all or nothing, once."""

import asyncio
import datetime as dt

import pytest

from db.credits.allowance import Allowance
from db.engine import Database
from db.errors import NotEnoughCredits, TooManyQueued
from db.queue.finding import backlogs, count_queued, find_job, job_of_interaction, jobs_of_member
from db.queue.job import State
from tests.support.db.store import StoreHarness


async def test_submit_holds_the_price(store: StoreHarness) -> None:
    job = await store.submit(price=30)
    assert job.state is State.QUEUED
    assert await store.balances() == (99_970, 30)


async def test_submit_keeps_everything_that_was_said(store: StoreHarness) -> None:
    job = await store.submit(guild_id=None, private=True, request={"ä": [1, None]}, source_job_id="x" * 26)
    assert (job.guild_id, job.private, job.request, job.source_job_id) == (None, True, {"ä": [1, None]}, "x" * 26)
    assert job.token_expires_at - job.queued_at == dt.timedelta(minutes=15)
    assert await store.db.read(find_job, job.id) == job
    assert await store.db.read(job_of_interaction, job.interaction_id) == job


async def test_submit_same_interaction_twice_is_one_job(store: StoreHarness) -> None:
    asked = store.ask(price=30)
    jobs = await asyncio.gather(*(store.jobs.submit(asked) for _ in range(5)))
    assert len({job.id for job in jobs}) == 1
    assert await store.balances() == (99_970, 30)


async def test_submit_beyond_the_credits_changes_nothing(database: Database) -> None:
    store = StoreHarness(database, Allowance(daily_credits=10, cap_credits=10))
    with pytest.raises(NotEnoughCredits) as caught:
        await store.submit(price=11)
    assert (caught.value.available, caught.value.price) == (10, 11)
    assert caught.value.renews_at == dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
    assert await store.balances() == (10, 0)
    assert await store.db.read(jobs_of_member, 1) == []
    assert await store.db.read(backlogs) == {}


async def test_submit_beyond_the_queue_limit_changes_nothing(store: StoreHarness) -> None:
    await store.submit(max_queued=1)
    with pytest.raises(TooManyQueued) as caught:
        await store.submit(max_queued=1)
    assert caught.value.limit == 1
    assert await store.balances() == (99_996, 4)
    assert (await store.db.read(backlogs))["image"].jobs == 1


async def test_submit_of_several_is_all_of_them_once(store: StoreHarness) -> None:
    asked = [store.ask(price=price) for price in (3, 4, 5)]
    firsts = await asyncio.gather(*(store.jobs.submit(*asked) for _ in range(3)))
    other = store.ask()  # the same yes again has other messages
    again = await store.jobs.submit(asked[0], other)
    assert {job.id for job in (*firsts, again)} == {firsts[0].id}
    made = await store.db.read(jobs_of_member, 1)
    assert sorted((job.interaction_id, job.price) for job in made) == [(one.interaction_id, one.price) for one in asked]
    assert await store.balances() == (99_988, 12)


@pytest.mark.parametrize("limit", [{"price": 8}, {"max_queued": 2}])
async def test_submit_of_several_of_which_one_is_too_much_changes_nothing(
    database: Database, limit: dict[str, int]
) -> None:
    store = StoreHarness(database, Allowance(daily_credits=15, cap_credits=15))
    with pytest.raises((NotEnoughCredits, TooManyQueued)):
        await store.jobs.submit(store.ask(), store.ask(), store.ask(**limit))
    assert await store.balances() == (15, 0)
    assert await store.db.read(jobs_of_member, 1) == []
    assert await store.db.read(backlogs) == {}


async def test_submit_limit_counts_each_kind_alone(store: StoreHarness) -> None:
    await store.submit(max_queued=1)
    await store.submit(max_queued=1, kind="train")
    assert {kind: line.jobs for kind, line in (await store.db.read(backlogs)).items()} == {"image": 1, "train": 1}


async def test_submit_for_nothing_holds_nothing(store: StoreHarness) -> None:
    job = await store.submit(price=0)
    (claimed,) = await store.claim()
    assert await store.settle(claimed)
    assert (await store.fresh(job)).state is State.DONE
    assert await store.balances() == (100_000, 0)


async def test_mine_lists_newest_first_by_state(store: StoreHarness) -> None:
    first, second = await store.submit(), await store.submit()
    await store.submit(user_id=2)
    await store.jobs.cancel(first.id, by_user=1)
    assert {job.id for job in await store.db.read(jobs_of_member, 1)} == {first.id, second.id}
    assert [job.id for job in await store.db.read(jobs_of_member, 1, states=[State.QUEUED])] == [second.id]
    assert len(await store.db.read(jobs_of_member, 1, limit=1)) == 1


async def test_what_waits_is_counted_by_kind_and_only_while_it_waits(store: StoreHarness) -> None:
    assert await store.db.read(count_queued, 1, "image") == 0
    job = await store.submit()
    await store.submit()
    await store.submit(kind="train")
    assert (await store.db.read(count_queued, 1, "image"), await store.db.read(count_queued, 1, "train")) == (2, 1)
    await store.jobs.cancel(job.id, by_user=1)
    assert await store.db.read(count_queued, 1, "image") == 1
    assert await store.db.read(count_queued, 2, "image") == 0
