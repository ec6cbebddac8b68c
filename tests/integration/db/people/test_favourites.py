"""Favourites: kept once, newest first, no longer than the result that they are of."""

import pytest

from db.engine import Database
from db.errors import TooManyFavourites
from db.people import favourites
from db.people.favourites import add_favourite, count_favourites, remove_favourite
from db.queue.delivery import set_message
from db.queue.finding import favourite_jobs, job_of_message
from db.queue.job import Job
from db.queue.retention import erase_jobs
from tests.support.db.store import StoreHarness

ADA, BEN = 1, 2


async def finished(store: StoreHarness, user_id: int) -> Job:
    await store.submit(user_id)
    (claimed,) = await store.claim()
    await store.settle(claimed)
    return claimed


async def ids(store: StoreHarness, user_id: int, **page: int) -> list[str]:
    return [job.id for job in await store.db.read(favourite_jobs, user_id, **{"limit": 9, **page})]


async def test_favourites_are_listed_by_when_they_were_kept(database: Database) -> None:
    store = StoreHarness(database)
    mine, theirs, live = await finished(store, ADA), await finished(store, BEN), await store.submit(ADA)
    for job in (theirs, live, mine):
        assert await database.write(add_favourite, ADA, job.id)
        database.advance(1)
    assert not await database.write(add_favourite, ADA, mine.id)
    assert await ids(store, ADA) == [mine.id, theirs.id]  # what is not finished comes when it is
    assert await ids(store, ADA, limit=1, offset=1) == [theirs.id]
    assert await ids(store, BEN) == []
    assert await database.write(remove_favourite, ADA, mine.id)
    assert not await database.write(remove_favourite, ADA, mine.id)
    assert await ids(store, ADA) == [theirs.id]


async def test_favourite_goes_with_its_result_and_with_its_job(database: Database) -> None:
    store = StoreHarness(database)
    deleted, erased = await finished(store, BEN), await finished(store, BEN)
    for job in (deleted, erased):
        await database.write(add_favourite, ADA, job.id)
    await store.jobs.discard(deleted.id, by_user=BEN)
    assert await ids(store, ADA) == [erased.id]
    await database.write(erase_jobs, [erased.id])
    assert await database.read(count_favourites, ADA) == 1


async def test_favourites_have_a_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(favourites, "FAVOURITES_MAX", 1)
    store = StoreHarness(database)
    first, second = await finished(store, ADA), await finished(store, ADA)
    await database.write(add_favourite, ADA, first.id)
    with pytest.raises(TooManyFavourites, match="You have 1 favourites"):
        await database.write(add_favourite, ADA, second.id)


async def test_job_is_found_by_the_message_that_shows_it(database: Database) -> None:
    store = StoreHarness(database)
    job = await store.submit()
    assert await database.read(job_of_message, 5) is None
    await database.write(set_message, job.id, 5)
    found = await database.read(job_of_message, 5)
    assert found is not None
    assert found.id == job.id
