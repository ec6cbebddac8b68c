"""Cancelling a job, and stopping a training at a step: what is queued ends, what runs is asked to end."""

import dataclasses

import pytest

from db.errors import UnknownJob
from db.people.subjects import subject_of_job
from db.queue.job import State
from tests.support.db.store import StoreHarness
from tests.support.db.subjects import create, draft


async def test_cancel_queued_ends_it_and_releases(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    job = await store.jobs.cancel(job.id, by_user=5)
    assert (job.state, job.cancelled_by, job.charged) == (State.CANCELLED, 5, 0)
    assert await store.balances() == (100_000, 0)
    assert await store.claim() == []


async def test_cancel_running_asks_and_its_owner_settles(store: StoreHarness) -> None:
    await store.submit(price=10)
    (job,) = await store.claim()
    job = await store.jobs.cancel(job.id, by_user=1)
    assert (job.state, job.cancel_requested) == (State.RUNNING, True)
    assert await store.settle(job, state="cancelled", charge=3)
    assert (await store.fresh(job)).state is State.CANCELLED
    assert await store.balances() == (99_997, 0)


async def test_cancel_running_then_its_worker_dies_ends_as_cancelled(store: StoreHarness) -> None:
    await store.submit(price=10)
    (job,) = await store.claim()
    await store.jobs.cancel(job.id, by_user=1)
    await store.give_back(job, blame=True)
    assert (await store.fresh(job)).state is State.CANCELLED
    assert await store.balances() == (100_000, 0)


async def test_stop_at_a_step_asks_for_the_end_and_notes_the_step(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    subject = await store.db.write(create, draft(job_id=job.id))
    await store.claim()
    job = await store.jobs.stop_at(job.id, by_user=5, step=40)
    assert (job.state, job.cancel_requested, job.cancelled_by) == (State.RUNNING, True, 5)
    assert (await store.db.read(subject_of_job, job.id)) == dataclasses.replace(subject, step=40)


async def test_stop_at_a_step_of_an_ended_training_only_notes_the_step(store: StoreHarness) -> None:
    job = await store.submit()
    await store.db.write(create, draft(job_id=job.id))
    (job,) = await store.claim()
    await store.settle(job)
    before = await store.fresh(job)
    assert await store.jobs.stop_at(job.id, by_user=1, step=40) == before
    subject = await store.db.read(subject_of_job, job.id)
    assert subject is not None
    assert subject.step == 40


async def test_training_that_is_to_stop_goes_back_to_end_with_what_it_has(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    await store.db.write(create, draft(job_id=job.id))
    await store.claim()
    await store.jobs.stop_at(job.id, by_user=1, step=40)
    store.db.advance(31)
    await store.jobs.reap()
    job = await store.fresh(job)
    assert (job.state, job.cancel_requested) == (State.QUEUED, True)
    (again,) = await store.claim()
    assert (again.id, again.cancel_requested) == (job.id, True)
    assert await store.balances() == (99_990, 10)


async def test_cancel_of_a_training_that_came_back_lets_it_end_with_what_it_has(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    await store.db.write(create, draft(job_id=job.id))
    await store.give_back(*await store.claim(), blame=True)
    for by_user in (5, 6):  # the first who asks counts
        job = await store.jobs.cancel(job.id, by_user=by_user)
        assert (job.state, job.cancel_requested, job.cancelled_by) == (State.QUEUED, True, 5)
    (again,) = await store.claim()
    assert (again.id, again.cancel_requested) == (job.id, True)
    assert await store.settle(again, charge=4)
    assert await store.balances() == (99_996, 0)


async def test_cancel_of_a_training_that_never_began_ends_it(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    await store.db.write(create, draft(job_id=job.id))
    assert (await store.jobs.cancel(job.id, by_user=1)).state is State.CANCELLED
    assert await store.balances() == (100_000, 0)


async def test_discard_of_a_training_that_came_back_ends_it(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    await store.db.write(create, draft(job_id=job.id))
    await store.give_back(*await store.claim())
    await store.jobs.cancel(job.id, by_user=1)  # it may have been asked to end in peace before
    job = await store.jobs.discard(job.id, by_user=1)
    assert (job.state, job.deleted) == (State.CANCELLED, True)
    assert await store.balances() == (100_000, 0)


async def test_cancel_ended_leaves_it_as_it_is(store: StoreHarness) -> None:
    await store.submit()
    (job,) = await store.claim()
    await store.settle(job)
    before = await store.fresh(job)
    assert await store.jobs.cancel(job.id, by_user=1) == before


async def test_cancel_unknown_says_so(store: StoreHarness) -> None:
    with pytest.raises(UnknownJob):
        await store.jobs.cancel("nothing", by_user=1)
