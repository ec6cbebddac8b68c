"""Leases: who may say what about a running job, and what happens when nobody does."""

import asyncio

import pytest
import sqlalchemy as sa

from db.queue.finding import jobs_of_member
from db.queue.heartbeat import Report
from db.queue.job import End, State
from db.tables import jobs
from tests.support.db.store import DISPATCHER, StoreHarness


async def test_settle_charges_and_releases_the_rest(store: StoreHarness) -> None:
    await store.submit(price=10)
    (job,) = await store.claim()
    assert await store.settle(job, charge=7)
    job = await store.fresh(job)
    assert (job.state, job.charged) == (State.DONE, 7)
    assert await store.balances() == (99_993, 0)
    assert (await store.ledger.statement(1)).spent_today == 7


async def test_settle_failed_releases_everything(store: StoreHarness) -> None:
    await store.submit(price=10)
    (job,) = await store.claim()
    end = End(state="failed", charge=0, error_code="oom", error_text="no memory")
    assert await store.jobs.settle(owner=DISPATCHER, job_id=job.id, attempt=1, end=end)
    job = await store.fresh(job)
    assert (job.state, job.error_code, job.error_text) == (State.FAILED, "oom", "no memory")
    assert await store.balances() == (100_000, 0)


async def test_settle_repeated_by_its_owner_charges_once(store: StoreHarness) -> None:
    await store.submit(price=10)
    (job,) = await store.claim()
    assert await asyncio.gather(*(store.settle(job) for _ in range(4))) == [True] * 4
    assert await store.balances() == (99_990, 0)


async def test_settle_after_a_lost_lease_changes_nothing(store: StoreHarness) -> None:
    await store.submit(price=10)
    (late,) = await store.claim(owner="cut-off")
    store.db.advance(31)
    assert await store.jobs.reap() == [late.id]
    assert not await store.settle(late)
    (again,) = await store.claim(owner="cut-off")  # even the same dispatcher, with the old attempt
    before = await store.fresh(again)
    assert not await store.settle(late)
    assert await store.fresh(again) == before
    assert await store.balances() == (99_990, 10)
    assert await store.settle(again, charge=10)
    assert not await store.settle(late, charge=0)
    assert await store.balances() == (99_990, 0)


async def test_settle_with_more_than_the_price_is_refused(store: StoreHarness) -> None:
    await store.submit(price=10)
    (job,) = await store.claim()
    with pytest.raises(ValueError, match="charge of 11"):
        await store.settle(job, charge=11)
    assert (await store.fresh(job)).state is State.RUNNING


async def test_reap_leaves_a_renewed_lease_alone(store: StoreHarness) -> None:
    await store.submit()
    (job,) = await store.claim()
    store.db.advance(20)
    reply = await store.jobs.heartbeat(
        owner=DISPATCHER, reports=[Report(job_id=job.id, attempt=1, done=3, total=9)], lease_s=30
    )
    store.db.advance(20)
    assert (set(reply.lost | reply.skipped), await store.jobs.reap()) == (set(), [])
    job = await store.fresh(job)
    assert (job.progress_done, job.progress_total, job.preview) == (3, 9, 0)


async def test_heartbeat_counts_previews_and_moves_the_revision_only_with_news(store: StoreHarness) -> None:
    await store.submit()
    (job,) = await store.claim()
    revisions = []
    for preview in (True, False, True):
        report = Report(job_id=job.id, attempt=1, done=1, total=9, preview=preview)
        await store.jobs.heartbeat(owner=DISPATCHER, reports=[report], lease_s=30)
        now = await store.fresh(job)
        revisions.append((now.preview, now.revision - job.revision))
    assert revisions == [(1, 1), (1, 1), (2, 2)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite's one writer is never in the midst
async def test_heartbeat_waits_for_no_job_that_somebody_is_at(store: StoreHarness) -> None:
    await store.submit()
    await store.submit()
    busy, bystander = await store.claim(2)
    store.db.advance(20)
    reports = [Report(job_id=job.id, attempt=1, done=3, total=9) for job in (busy, bystander)]
    with store.db.begin() as connection:
        connection.execute(sa.select(jobs).where(jobs.c.id == busy.id).with_for_update())
        async with asyncio.timeout(10):
            reply = await store.jobs.heartbeat(owner=DISPATCHER, reports=reports, lease_s=30)
        assert (set(reply.lost), set(reply.skipped)) == (set(), {busy.id})
    reply = await store.jobs.heartbeat(owner=DISPATCHER, reports=reports, lease_s=30)
    assert (set(reply.lost), set(reply.skipped)) == (set(), set())
    store.db.advance(20)
    assert await store.jobs.reap() == []


async def test_heartbeat_tells_what_is_lost_and_what_is_cancelled(store: StoreHarness) -> None:
    for _ in range(3):
        await store.submit()
    kept, lost, unwanted = await store.claim(3)
    await store.give_back(lost)
    await store.claim(owner="other")
    await store.jobs.cancel(unwanted.id, by_user=1)
    reports = [Report(job_id=job.id, attempt=1, done=1, total=2) for job in (kept, lost, unwanted)]
    reply = await store.jobs.heartbeat(owner=DISPATCHER, reports=reports, lease_s=30)
    assert (set(reply.lost), set(reply.cancelled)) == ({lost.id}, {unwanted.id})
    assert (await store.fresh(lost)).progress_done == 0


async def test_poison_job_fails_at_the_third_blame_and_is_released(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    for _ in range(3):
        assert (await store.fresh(job)).state is State.QUEUED
        await store.give_back(*await store.claim(), blame=True)
    job = await store.fresh(job)
    assert (job.state, job.error_code, job.attempt, job.blamed) == (State.FAILED, "poison", 3, 3)
    assert await store.balances() == (100_000, 0)
    assert await store.claim() == []


async def test_end_of_a_whole_dispatcher_is_not_the_murder_of_a_worker(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    for _ in range(9):
        (claimed,) = await store.claim()
        assert (claimed.id, claimed.blamed) == (job.id, 0)
        store.db.advance(31)
        assert await store.jobs.reap() == [job.id]
    (claimed,) = await store.claim()
    assert await store.settle(claimed)


async def test_job_that_takes_every_dispatcher_down_ends_at_the_tenth_and_is_released(store: StoreHarness) -> None:
    job = await store.submit(price=10)
    for _ in range(10):
        assert (await store.fresh(job)).state is State.QUEUED
        await store.claim()
        store.db.advance(31)
        await store.jobs.reap()
    job = await store.fresh(job)
    assert (job.state, job.error_code, job.attempt, job.blamed) == (State.FAILED, "abandoned", 10, 0)
    assert await store.balances() == (100_000, 0)
    assert await store.claim() == []


async def test_reap_leaves_alone_what_the_caller_itself_holds(store: StoreHarness) -> None:
    for _ in range(2):
        await store.submit()
    first, second = await store.claim(2)
    store.db.advance(31)
    assert await store.jobs.reap(held={first.id: first.attempt, second.id: second.attempt - 1}) == [second.id]


async def test_jobs_of_an_owner_that_ended_wait_for_no_lease_and_are_counted_as_if_it_ran_out(
    store: StoreHarness,
) -> None:
    for _ in range(3):
        await store.submit()
    theirs = [(await store.claim(owner="ended"))[0] for _ in range(2)]
    (other,) = await store.claim(owner="alive")
    assert sorted(await store.jobs.reap_of("ended")) == sorted(job.id for job in theirs)
    after = [await store.fresh(job) for job in theirs]
    assert [(job.state, job.blamed, job.expirations) for job in after] == [(State.QUEUED, 0, 1)] * 2
    assert (await store.fresh(other)).lease_owner == "alive"
    assert await store.jobs.reap_of("ended") == []


async def test_late_end_by_an_owner_that_was_taken_for_ended_changes_nothing(store: StoreHarness) -> None:
    await store.submit()
    (job,) = await store.claim(owner="ended")
    await store.jobs.reap_of("ended")
    (again,) = await store.claim(owner="next")
    end = End(state=State.DONE, charge=job.price)
    assert not await store.jobs.settle(owner="ended", job_id=job.id, attempt=job.attempt, end=end)
    assert (await store.fresh(job)).attempt == again.attempt == 2


async def test_draining_never_makes_poison(store: StoreHarness) -> None:
    job = await store.submit()
    for _ in range(5):
        await store.give_back(*await store.claim())
    job = await store.fresh(job)
    assert (job.state, job.attempt, job.blamed) == (State.QUEUED, 5, 0)


async def test_give_back_of_somebody_elses_job_changes_nothing(store: StoreHarness) -> None:
    await store.submit()
    (job,) = await store.claim()
    await store.jobs.give_back(owner="other", attempts={job.id: 1}, blame=True)
    assert await store.fresh(job) == job


async def test_late_call_of_an_earlier_attempt_changes_nothing(store: StoreHarness) -> None:
    """Even where the later attempt is the same dispatcher's."""
    await store.submit()
    (late,) = await store.claim()
    await store.give_back(late)
    (again,) = await store.claim()
    assert (again.id, again.attempt) == (late.id, 2)
    store.db.advance(10)
    await store.give_back(late, blame=True)
    report = Report(job_id=late.id, attempt=late.attempt, done=5, total=9, preview=True)
    reply = await store.jobs.heartbeat(owner=DISPATCHER, reports=[report], lease_s=30)
    assert reply.lost == {late.id}
    assert not await store.settle(late)
    assert await store.fresh(again) == again


async def test_two_reapers_at_once_count_once(store: StoreHarness) -> None:
    for _ in range(4):
        await store.submit()
    await store.claim(4)
    store.db.advance(31)
    reaped = await asyncio.gather(store.jobs.reap(), store.jobs.reap(), store.jobs.reap())
    assert len([job_id for ids in reaped for job_id in ids]) == 4
    assert {job.expirations for job in await store.db.read(jobs_of_member, 1)} == {1}
