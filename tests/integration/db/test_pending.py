"""Pending orders: kept until they are answered or too old, few of one member, gone with the job that they become."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from db import clock
from db.engine import Database
from db.errors import NotEnoughCredits, UnknownOrder
from db.ids import new_id
from db.jobs import Pace
from db.pending import PHOTO_SETS_MAX, QUESTIONS_MAX, NewOrder, PendingOrder, PendingOrders, Question
from tests.support.db.store import StoreHarness

HOUR_S = 3600.0


def order(interaction_id: int = 500, user_id: int = 1, **changes: Any) -> NewOrder:
    asked = NewOrder(
        question=Question.PRICE,
        user_id=user_id,
        interaction_id=interaction_id,
        version=1,
        request={"what": "imagine"},
        price=12,
        pace=Pace.FAST,
    )
    return replace(asked, **changes)


async def kept(pending: PendingOrders, asked: NewOrder) -> PendingOrder:
    return (await pending.keep(asked))[0]


async def is_there(pending: PendingOrders, found: PendingOrder) -> bool:
    try:
        return await pending.get(found.id) == found
    except UnknownOrder:
        return False


async def test_question_is_kept_until_it_is_answered(database: Database) -> None:
    pending = PendingOrders(database)
    found = await kept(pending, order())
    assert await pending.get(found.id) == found
    assert (found.price, found.pace, found.request) == (12, Pace.FAST, {"what": "imagine"})
    assert await pending.drop(found.id)
    with pytest.raises(UnknownOrder):
        await pending.get(found.id)
    assert not await pending.drop(found.id)


async def test_same_interaction_asks_again_under_the_same_id(database: Database) -> None:
    pending = PendingOrders(database)
    licence = await kept(pending, order(question=Question.LICENCE, price=None))
    price = await kept(pending, order(price=4))
    assert (price.id, price.question, price.price) == (licence.id, Question.PRICE, 4)
    assert await pending.mine(1) == [price]


async def test_photos_of_an_event_that_comes_twice_stay_as_they_came_first(database: Database) -> None:
    pending = PendingOrders(database)
    ids = [new_id(await now(database)) for _ in range(2)]
    first, second = [await kept(pending, order(question=Question.PHOTOS, id=id, request={"id": id})) for id in ids]
    assert first == second
    assert first.id == ids[0]


@pytest.mark.parametrize(("question", "hours"), [(Question.PRICE, 48), (Question.LICENCE, 48), (Question.PHOTOS, 1)])
async def test_question_that_nobody_answers_goes_at_its_age(database: Database, question: Question, hours: int) -> None:
    pending = PendingOrders(database)
    old = await kept(pending, order(question=question))
    database.advance(hours * HOUR_S - 60)
    assert await pending.purge() == []
    assert await is_there(pending, old)
    assert await pending.count(question) == 1
    database.advance(120)
    assert not await is_there(pending, old)
    assert await pending.count(question) == 0
    assert await pending.purge() == [old]
    assert await pending.mine(1) == []


@pytest.mark.parametrize(
    ("question", "limit"),
    [(Question.PRICE, QUESTIONS_MAX), (Question.LICENCE, QUESTIONS_MAX), (Question.PHOTOS, PHOTO_SETS_MAX)],
)
async def test_questions_of_one_member_are_few_and_the_oldest_make_room(
    database: Database, question: Question, limit: int
) -> None:
    pending = PendingOrders(database)
    others = await kept(pending, order(1, user_id=2, question=question))
    elsewhere = Question.PRICE if question is Question.PHOTOS else Question.PHOTOS
    apart = await kept(pending, order(2, question=elsewhere))
    mine, gone = [], []
    for number in range(limit + 3):
        found, made_room = await pending.keep(order(500 + number, question=question))
        mine.append(found)
        gone += made_room
    assert gone == [old.id for old in mine[:3]]
    assert [await is_there(pending, old) for old in mine] == [False] * 3 + [True] * limit
    assert await is_there(pending, others)
    assert await is_there(pending, apart)


async def test_order_leaves_with_the_job_that_it_becomes(database: Database) -> None:
    store, pending = StoreHarness(database), PendingOrders(database)
    found = await kept(pending, order())
    job = await store.submit(interaction_id=500, order_id=found.id)
    assert not await is_there(pending, found)
    assert await store.submit(interaction_id=500, order_id=found.id) == job  # a second yes


async def test_order_that_was_declined_becomes_no_job_and_holds_nothing(database: Database) -> None:
    store, pending = StoreHarness(database), PendingOrders(database)
    found = await kept(pending, order())
    await pending.drop(found.id)
    before = await store.balances()
    with pytest.raises(UnknownOrder):
        await store.submit(interaction_id=500, order_id=found.id)
    assert await store.balances() == before
    assert await store.jobs.by_interaction(500) is None


async def test_order_that_cannot_be_paid_stays(database: Database) -> None:
    store, pending = StoreHarness(database), PendingOrders(database)
    found = await kept(pending, order())
    with pytest.raises(NotEnoughCredits):
        await store.submit(interaction_id=500, order_id=found.id, price=1_000_000)
    assert await is_there(pending, found)


async def test_yes_and_no_at_once_are_one_of_the_two(database: Database) -> None:
    store, pending = StoreHarness(database), PendingOrders(database)
    for number in range(10):
        found = await kept(pending, order(900 + number))
        made, dropped = await asyncio.gather(
            store.submit(interaction_id=900 + number, order_id=found.id), pending.drop(found.id), return_exceptions=True
        )
        assert isinstance(made, UnknownOrder) is (dropped is True)
        assert (await store.jobs.by_interaction(900 + number) is None) is (dropped is True)


async def now(database: Database) -> Any:
    return await database.read(clock.now)
