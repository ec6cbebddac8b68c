"""Reading: what the cards, the deliverer and `/queue` see."""

import pytest

from db.errors import UnknownJob
from db.queue.delivery import changed_since, mark_delivered, set_message, undelivered_jobs
from db.queue.fair_order.position import queue_position
from db.queue.finding import jobs_of_member
from db.queue.job import Pace
from tests.support.db.store import StoreHarness


async def test_undelivered_lists_ended_jobs_until_they_are_delivered(store: StoreHarness) -> None:
    await store.submit()
    (job,) = await store.claim()
    assert await store.db.read(undelivered_jobs) == []
    await store.settle(job)
    assert [job.id for job in await store.db.read(undelivered_jobs)] == [job.id]
    await store.db.write(mark_delivered, job.id, message_id=55, how="edit")
    assert await store.db.read(undelivered_jobs) == []
    job = await store.fresh(job)
    assert (job.message_id, job.delivered_how) == (55, "edit")


async def test_delivered_twice_keeps_the_first(store: StoreHarness) -> None:
    job = await store.submit()
    await store.db.write(mark_delivered, job.id, message_id=55, how="edit")
    await store.db.write(mark_delivered, job.id, message_id=66, how="direct message")
    assert (await store.fresh(job)).message_id == 55


async def test_changed_since_follows_a_job_to_its_end(store: StoreHarness) -> None:
    first = await store.submit()
    changes = await store.db.read(changed_since, None)
    assert [job.id for job in changes.jobs] == [first.id]
    store.db.advance(60)
    changes = await store.db.read(changed_since, changes.cursor)  # may repeat what changed just before the cursor
    assert (await store.db.read(changed_since, changes.cursor)).jobs == []
    second = await store.submit()
    changes = await store.db.read(changed_since, changes.cursor)
    assert [job.id for job in changes.jobs] == [second.id]
    await store.db.write(mark_delivered, second.id, message_id=1, how="edit")
    assert (await store.db.read(changed_since, changes.cursor)).jobs == []


async def test_set_message_is_remembered(store: StoreHarness) -> None:
    job = await store.submit()
    await store.db.write(set_message, job.id, 99)
    assert (await store.fresh(job)).message_id == 99
    with pytest.raises(UnknownJob):
        await store.db.write(set_message, "nothing", 99)


async def test_place_counts_ones_own_earlier_jobs(store: StoreHarness) -> None:
    jobs = [await store.submit() for _ in range(3)]
    places = [await store.db.read(queue_position, job.id) for job in jobs]
    assert [(place.ahead, place.ahead_credits) for place in places] == [(0, 0), (1, 4), (2, 8)]


async def test_place_is_the_order_in_which_jobs_are_then_claimed(store: StoreHarness) -> None:
    for user_id, guild_id, count in ((1, 7, 6), (2, 7, 2), (3, 8, 3), (4, 9, 1), (5, 7, 1)):
        for _ in range(count):
            await store.submit(user_id=user_id, guild_id=guild_id)
    await store.claim(3)
    waiting = [job for user in range(1, 6) for job in await store.db.read(jobs_of_member, user, states=["queued"])]
    promised = {job.id: (await store.db.read(queue_position, job.id)).ahead for job in waiting}
    served = [job.id for job in await store.claim(len(waiting))]
    assert [promised[job_id] for job_id in served] == list(range(len(waiting)))


async def test_place_of_relaxed_is_behind_everything_fast(store: StoreHarness) -> None:
    relaxed = await store.submit(user_id=2, pace=Pace.RELAXED)
    for _ in range(3):
        await store.submit()
    assert (await store.db.read(queue_position, relaxed.id)).ahead == 3


async def test_place_of_a_running_job_is_nothing_ahead(store: StoreHarness) -> None:
    await store.submit()
    await store.submit()
    running = (await store.claim(2))[1]
    assert (await store.db.read(queue_position, running.id)).ahead == 0
    with pytest.raises(UnknownJob):
        await store.db.read(queue_position, "nothing")
