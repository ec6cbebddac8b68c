"""Reading: what the cards, the deliverer and `/queue` see."""

import pytest

from db.errors import UnknownJob
from db.jobs import Pace
from tests.support.db.shop import Shop


async def test_undelivered_lists_ended_jobs_until_they_are_delivered(shop: Shop) -> None:
    await shop.submit()
    (job,) = await shop.claim()
    assert await shop.jobs.undelivered() == []
    await shop.settle(job)
    assert [job.id for job in await shop.jobs.undelivered()] == [job.id]
    await shop.jobs.delivered(job.id, message_id=55, how="edit")
    assert await shop.jobs.undelivered() == []
    job = await shop.fresh(job)
    assert (job.message_id, job.delivered_how) == (55, "edit")


async def test_delivered_twice_keeps_the_first(shop: Shop) -> None:
    job = await shop.submit()
    await shop.jobs.delivered(job.id, message_id=55, how="edit")
    await shop.jobs.delivered(job.id, message_id=66, how="direct message")
    assert (await shop.fresh(job)).message_id == 55


async def test_changed_since_follows_a_job_to_its_end(shop: Shop) -> None:
    first = await shop.submit()
    changes = await shop.jobs.changed_since(None)
    assert [job.id for job in changes.jobs] == [first.id]
    shop.db.advance(60)
    changes = await shop.jobs.changed_since(changes.cursor)  # may repeat what changed just before the cursor
    assert (await shop.jobs.changed_since(changes.cursor)).jobs == []
    second = await shop.submit()
    changes = await shop.jobs.changed_since(changes.cursor)
    assert [job.id for job in changes.jobs] == [second.id]
    await shop.jobs.delivered(second.id, message_id=1, how="edit")
    assert (await shop.jobs.changed_since(changes.cursor)).jobs == []


async def test_set_message_is_remembered(shop: Shop) -> None:
    job = await shop.submit()
    await shop.jobs.set_message(job.id, 99)
    assert (await shop.fresh(job)).message_id == 99
    with pytest.raises(UnknownJob):
        await shop.jobs.set_message("nothing", 99)


async def test_place_counts_ones_own_earlier_jobs(shop: Shop) -> None:
    jobs = [await shop.submit() for _ in range(3)]
    places = [await shop.jobs.place(job.id) for job in jobs]
    assert [(place.ahead, place.ahead_credits) for place in places] == [(0, 0), (1, 4), (2, 8)]


async def test_place_is_the_order_in_which_jobs_are_then_claimed(shop: Shop) -> None:
    for user_id, guild_id, count in ((1, 7, 6), (2, 7, 2), (3, 8, 3), (4, 9, 1), (5, 7, 1)):
        for _ in range(count):
            await shop.submit(user_id=user_id, guild_id=guild_id)
    await shop.claim(3)
    waiting = [job for user in range(1, 6) for job in await shop.jobs.mine(user, states=["queued"])]
    promised = {job.id: (await shop.jobs.place(job.id)).ahead for job in waiting}
    served = [job.id for job in await shop.claim(len(waiting))]
    assert [promised[job_id] for job_id in served] == list(range(len(waiting)))


async def test_place_of_relaxed_is_behind_everything_fast(shop: Shop) -> None:
    relaxed = await shop.submit(user_id=2, pace=Pace.RELAXED)
    for _ in range(3):
        await shop.submit()
    assert (await shop.jobs.place(relaxed.id)).ahead == 3


async def test_place_of_a_running_job_is_nothing_ahead(shop: Shop) -> None:
    await shop.submit()
    await shop.submit()
    running = (await shop.claim(2))[1]
    assert (await shop.jobs.place(running.id)).ahead == 0
    with pytest.raises(UnknownJob):
        await shop.jobs.place("nothing")
