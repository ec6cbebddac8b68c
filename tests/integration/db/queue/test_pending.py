"""Pending orders: kept until they are answered or too old, few of one member, gone with the job that they become."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from db import clock
from db.engine import Database
from db.errors import NotEnoughCredits, UnknownOrder
from db.ids import new_id
from db.queue.finding import job_of_interaction
from db.queue.job import Pace
from db.queue.pending import (
    PHOTO_SETS_MAX,
    QUESTIONS_MAX,
    NewOrder,
    PendingOrder,
    Question,
    count_orders,
    drop_order,
    find_order,
    keep_order,
    orders_of_member,
    purge_orders,
)
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


async def kept(database: Database, asked: NewOrder) -> PendingOrder:
    return (await database.write(keep_order, asked))[0]


async def is_there(database: Database, found: PendingOrder) -> bool:
    try:
        return await database.read(find_order, found.id) == found
    except UnknownOrder:
        return False


async def test_question_is_kept_until_it_is_answered(database: Database) -> None:
    found = await kept(database, order())
    assert await database.read(find_order, found.id) == found
    assert (found.price, found.pace, found.request) == (12, Pace.FAST, {"what": "imagine"})
    assert await database.write(drop_order, found.id)
    with pytest.raises(UnknownOrder):
        await database.read(find_order, found.id)
    assert not await database.write(drop_order, found.id)


async def test_same_interaction_asks_again_under_the_same_id(database: Database) -> None:
    licence = await kept(database, order(question=Question.LICENCE, price=None))
    price = await kept(database, order(price=4))
    assert (price.id, price.question, price.price) == (licence.id, Question.PRICE, 4)
    assert await database.read(orders_of_member, 1) == [price]


async def test_photos_of_an_event_that_comes_twice_stay_as_they_came_first(database: Database) -> None:
    ids = [new_id(await now(database)) for _ in range(2)]
    first, second = [await kept(database, order(question=Question.PHOTOS, id=id, request={"id": id})) for id in ids]
    assert first == second
    assert first.id == ids[0]


@pytest.mark.parametrize(("question", "hours"), [(Question.PRICE, 48), (Question.LICENCE, 48), (Question.PHOTOS, 1)])
async def test_question_that_nobody_answers_goes_at_its_age(database: Database, question: Question, hours: int) -> None:
    old = await kept(database, order(question=question))
    database.advance(hours * HOUR_S - 60)
    assert await database.write(purge_orders) == []
    assert await is_there(database, old)
    assert await database.read(count_orders, question) == 1
    database.advance(120)
    assert not await is_there(database, old)
    assert await database.read(count_orders, question) == 0
    assert await database.write(purge_orders) == [old]
    assert await database.read(orders_of_member, 1) == []


@pytest.mark.parametrize(
    ("question", "limit"),
    [(Question.PRICE, QUESTIONS_MAX), (Question.LICENCE, QUESTIONS_MAX), (Question.PHOTOS, PHOTO_SETS_MAX)],
)
async def test_questions_of_one_member_are_few_and_the_oldest_make_room(
    database: Database, question: Question, limit: int
) -> None:
    others = await kept(database, order(1, user_id=2, question=question))
    elsewhere = Question.PRICE if question is Question.PHOTOS else Question.PHOTOS
    apart = await kept(database, order(2, question=elsewhere))
    mine, gone = [], []
    for number in range(limit + 3):
        found, made_room = await database.write(keep_order, order(500 + number, question=question))
        mine.append(found)
        gone += made_room
    assert gone == [old.id for old in mine[:3]]
    assert [await is_there(database, old) for old in mine] == [False] * 3 + [True] * limit
    assert await is_there(database, others)
    assert await is_there(database, apart)


async def test_order_leaves_with_the_job_that_it_becomes(database: Database) -> None:
    store = StoreHarness(database)
    found = await kept(database, order())
    job = await store.submit(interaction_id=500, order_id=found.id)
    assert not await is_there(database, found)
    assert await store.submit(interaction_id=500, order_id=found.id) == job  # a second yes


async def test_order_that_was_declined_becomes_no_job_and_holds_nothing(database: Database) -> None:
    store = StoreHarness(database)
    found = await kept(database, order())
    await database.write(drop_order, found.id)
    before = await store.balances()
    with pytest.raises(UnknownOrder):
        await store.submit(interaction_id=500, order_id=found.id)
    assert await store.balances() == before
    assert await store.db.read(job_of_interaction, 500) is None


async def test_order_that_cannot_be_paid_stays(database: Database) -> None:
    store = StoreHarness(database)
    found = await kept(database, order())
    with pytest.raises(NotEnoughCredits):
        await store.submit(interaction_id=500, order_id=found.id, price=1_000_000)
    assert await is_there(database, found)


async def test_yes_and_no_at_once_are_one_of_the_two(database: Database) -> None:
    store = StoreHarness(database)
    for number in range(10):
        found = await kept(database, order(900 + number))
        made, dropped = await asyncio.gather(
            store.submit(interaction_id=900 + number, order_id=found.id),
            database.write(drop_order, found.id),
            return_exceptions=True,
        )
        assert isinstance(made, UnknownOrder) is (dropped is True)
        assert (await store.db.read(job_of_interaction, 900 + number) is None) is (dropped is True)


async def now(database: Database) -> Any:
    return await database.read(clock.now)
