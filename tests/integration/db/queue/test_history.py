"""A member's ended jobs, found by words, model, subject and date; theirs alone, the newest first."""

from typing import Any

import pytest

from db.queue import history
from db.queue.history import HistoryFilter, ended_jobs, models_of_member
from db.queue.job import Job
from tests.support.db.store import StoreHarness

REX = "s" * 26


async def ended(store: StoreHarness, prompt: str, *, state: str = "done", **changes: Any) -> Job:
    """Return a job that has ended."""
    job = await store.submit(request={"prompt": prompt, "subjects": changes.pop("subjects", [])}, **changes)
    (claimed,) = await store.claim()
    await store.settle(claimed, charge=None if state == "done" else 0, state=state)
    return job


async def found(store: StoreHarness, wanted: HistoryFilter, *, limit: int = 10, offset: int = 0) -> list[str]:
    """Return the prompts of the jobs that a filter lets through, as they come."""
    jobs = await store.db.read(ended_jobs, 1, wanted, limit=limit, offset=offset)
    return [job.request["prompt"] for job in jobs]


async def test_history_is_a_members_own_and_of_what_has_ended_newest_first(store: StoreHarness) -> None:
    for prompt, state in (("a heart", "done"), ("a cat", "failed"), ("a car", "cancelled")):
        await ended(store, prompt, state=state)
    await ended(store, "a dog of another's", user_id=2)
    await store.submit(request={"prompt": "a boat that waits"})
    assert await found(store, HistoryFilter()) == ["a car", "a cat", "a heart"]
    assert await found(store, HistoryFilter(), limit=1, offset=1) == ["a cat"]


async def test_history_is_found_by_model_and_subject(store: StoreHarness) -> None:
    await ended(store, "a heart")
    await ended(store, "a cat", model="gone")
    await ended(store, "Rex", subjects=[{"subject_id": REX}])
    assert await found(store, HistoryFilter(model="gone")) == ["a cat"]
    assert await found(store, HistoryFilter(subject_ids=(REX, "x" * 26))) == ["Rex"]
    assert await found(store, HistoryFilter(subject_ids=(REX,), model="gone")) == []
    assert await store.db.read(models_of_member, 1) == ["builtin", "gone"]


async def test_history_is_found_by_days(store: StoreHarness) -> None:
    first = await ended(store, "a heart")
    store.db.advance(3600)
    second = await ended(store, "a cat")
    assert await found(store, HistoryFilter(since=second.queued_at)) == ["a cat"]
    assert await found(store, HistoryFilter(until=second.queued_at)) == ["a heart"]
    assert await found(store, HistoryFilter(since=first.queued_at, until=first.queued_at)) == []


async def test_words_are_looked_for_in_as_many_requests_as_it_takes(
    store: StoreHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "BATCH", 2)
    for number in range(7):
        await ended(store, f"a {'red' if number % 3 == 0 else 'blue'} heart {number}")
    red = HistoryFilter(matches=lambda request: "red" in request["prompt"])
    assert await found(store, red) == ["a red heart 6", "a red heart 3", "a red heart 0"]
    assert await found(store, red, limit=1, offset=1) == ["a red heart 3"]
    assert await found(store, HistoryFilter(matches=lambda request: False)) == []
