"""What is looked up and taken out across members, and the figures of the operator's page."""

import datetime as dt

import pytest

from db.credits.audit import audit
from db.engine import Database
from db.queue.delivery import forget_outcome, mark_delivered
from db.queue.figures import read_figures
from db.queue.finding import find_job, jobs_of_member, jobs_of_subject, jobs_that_hear
from db.queue.job import End, Job, State
from db.queue.retention import ended_before, erase_jobs, forget_speaker, without_result
from tests.support.db.store import StoreHarness

SUBJECT = "01m83842kz1b68hw7hqesfsask"
SPEAKER = 120_000_000_000_000_007


async def drawn(store: StoreHarness, user_id: int = 1, **request: object) -> Job:
    """Return a job that was drawn and delivered."""
    await store.submit(user_id, request={"kind": "image", "prompt": "a red heart", **request})
    (job,) = await store.claim()
    end = End(state=State.DONE, charge=4, outcome={"files": {"1.png": {}}})
    await store.jobs.settle(owner=job.lease_owner or "", job_id=job.id, attempt=job.attempt, end=end)
    await store.db.write(mark_delivered, job.id, message_id=5, how="token")
    return await store.fresh(job)


async def test_jobs_of_a_subject_are_found_whoever_asked_for_them(database: Database) -> None:
    store = StoreHarness(database)
    mine = await drawn(store, 1, subjects=[{"subject_id": SUBJECT}])
    theirs = await drawn(store, 2, subjects=[{"subject_id": SUBJECT}])
    await drawn(store, 2)
    assert [job.id for job in await database.read(jobs_of_subject, SUBJECT)] == [theirs.id, mine.id]


async def test_subject_in_the_words_of_another_job_is_not_that_job_s(database: Database) -> None:
    store = StoreHarness(database)
    training = await store.submit(request={"kind": "train", "subject_id": SUBJECT, "trigger": "zwx"})
    await store.submit(2, request={"kind": "image", "prompt": f"the word {SUBJECT} on a sign"})
    await store.submit(2, request={"kind": "image", "prompt": "zwx", "subjects": [{"subject_id": "1" * 26}]})
    await store.submit(2, request={"kind": "image", "prompt": "a", "seed_text": SUBJECT, "subjects": []})
    assert [job.id for job in await database.read(jobs_of_subject, SUBJECT)] == [training.id]
    assert await database.read(jobs_of_subject, "zwx") == []


async def test_jobs_of_a_member_are_found_by_server(database: Database) -> None:
    store = StoreHarness(database)
    here = await store.submit(guild_id=7)
    direct = await store.submit(guild_id=None)
    await store.submit(2)
    assert [job.id for job in await database.read(jobs_of_member, 1, guild_id=7, limit=10)] == [here.id]
    assert [job.id for job in await database.read(jobs_of_member, 1, guild_id=None, limit=None)] == [direct.id, here.id]


async def test_voice_in_somebody_elses_job_is_found_and_loses_its_name(database: Database) -> None:
    store = StoreHarness(database)
    job = await store.submit(2, kind="transcribe", request={"kind": "transcribe", "speaker_id": SPEAKER})
    await store.submit(2, kind="transcribe", request={"kind": "transcribe", "speaker_id": None})
    assert [one.id for one in await database.read(jobs_that_hear, SPEAKER)] == [job.id]
    await database.write(forget_speaker, job)
    assert await database.read(jobs_that_hear, SPEAKER) == []
    assert (await store.fresh(job)).request == {"kind": "transcribe", "speaker_id": None}


async def test_old_results_are_those_that_still_keep_something(database: Database) -> None:
    store = StoreHarness(database)
    job = await drawn(store)
    later = job.queued_at + dt.timedelta(hours=1)
    assert [one.id for one in await database.read(ended_before, later, kinds=["image"], limit=9)] == [job.id]
    assert await database.read(ended_before, later, kinds=["transcribe"], limit=9) == []
    assert await database.read(ended_before, job.queued_at, kinds=["image"], limit=9) == []
    await store.db.write(forget_outcome, job.id)
    assert await database.read(ended_before, later, kinds=["image"], limit=9) == []


async def test_without_result_are_those_that_are_over_and_gave_nothing_that_is_wanted(database: Database) -> None:
    store = StoreHarness(database)
    done, unwanted = await drawn(store), await drawn(store)
    cancelled, unshown, waits = [await store.submit() for _ in range(3)]
    for job in (cancelled, unshown):
        await store.jobs.cancel(job.id, by_user=1)
    for job in (done, cancelled):
        await store.db.write(mark_delivered, job.id, message_id=None, how="token")
    await store.jobs.discard(unwanted.id, by_user=1)
    await store.db.write(mark_delivered, unwanted.id, message_id=None, how="deleted")
    ids = [job.id for job in (done, unwanted, cancelled, unshown, waits)]
    assert set(await database.read(without_result, [*ids, "not a job's"])) == {unwanted.id, cancelled.id}
    assert await database.read(without_result, []) == []


async def test_erased_are_rows_of_jobs_that_ended_and_the_books_still_balance(database: Database) -> None:
    store = StoreHarness(database)
    over, waits = await drawn(store), await store.submit()
    assert await database.write(erase_jobs, [over.id, waits.id]) == 1
    assert await store.db.read(find_job, over.id) is None
    assert (await store.fresh(waits)).state is State.QUEUED
    assert await store.db.read(audit) == []


async def test_figures_count_what_waits_runs_and_was_spent(database: Database) -> None:
    store = StoreHarness(database)
    await drawn(store)
    for _ in range(3):
        await store.submit()
    (running,) = await store.claim()
    figures = await database.read(read_figures)
    assert (figures.waiting, figures.waiting_credits) == ({"image": 2}, {"image": 8})
    assert [job.id for job in figures.running] == [running.id]
    assert (figures.ended, figures.spent_today, figures.waits["image"].count) == ({"done": 1}, 4, 2)


async def test_figures_count_apart_what_is_said_to_be_no_failure(database: Database) -> None:
    store = StoreHarness(database)
    await drawn(store)
    for code in ("silence", "bug", None):
        await store.submit()
        await store.settle(*await store.claim(), charge=0, state="failed", error_code=code)
    figures = await database.read(read_figures, ("silence",))
    assert figures.ended == {"done": 1, "failed": 2, "silence": 1}
    assert {job.error_code for job in figures.failed} == {None, "bug"}
    everything = await database.read(read_figures)
    assert everything.ended == {"done": 1, "failed": 3}
    assert {job.error_code for job in everything.failed} == {None, "bug", "silence"}


async def test_figures_say_how_far_off_forecasts_were(database: Database) -> None:
    store = StoreHarness(database)
    for forecast_s in (100.0, 130.0, 160.0, None):
        await store.submit(forecast_s=forecast_s)
    jobs = await store.claim(4, lease_s=1000)
    store.db.advance(120)
    for job in jobs:
        await store.settle(job)
    forecasts = (await database.read(read_figures)).forecasts["image"]
    assert forecasts.count == 3
    assert (forecasts.late_s, forecasts.p50_s, forecasts.p95_s) == pytest.approx((-10, 20, 40), abs=2)
    store.db.advance(24 * 3600)
    assert (await database.read(read_figures)).forecasts == {}
