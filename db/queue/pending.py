"""Pending orders: what a member asked for, kept until they answer a question about it. Nothing is held for one.

A pending order remembers the interaction that asked, and so does the job that it becomes: saying yes twice, or in two
processes at once, makes one job. It leaves in the transaction that makes the job (`db.queue.submit`), or when it is
declined; whoever comes second finds it gone.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from db import clock
from db.errors import UnknownOrder
from db.ids import new_id
from db.queue.job import Pace
from db.tables import pending_orders
from db.upsert import insert_or_update


class Question(StrEnum):
    """What a member is asked."""

    PRICE = "price"  # or, before they are told one, what they meant
    LICENCE = "licence"
    PHOTOS = "photos"  # which are there, looked at: whether these shall do, and the consent to them


LIFE = {
    Question.PRICE: dt.timedelta(days=2),
    Question.LICENCE: dt.timedelta(days=2),
    Question.PHOTOS: dt.timedelta(hours=1),
}
QUESTIONS_MAX = 20  # of one member, about prices and licences; the oldest go
PHOTO_SETS_MAX = 3  # of one member; the oldest goes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """What is to be kept."""

    question: Question
    user_id: int  # who is asked
    interaction_id: int  # of the job that it may become
    version: int  # of the request's form
    request: dict[str, Any]  # as the caller put it
    price: int | None = None  # credits, as they were told; None: they were not
    pace: Pace | None = None  # as it was typed
    private: bool = False  # only they will see the result
    id: str = ""  # empty: a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingOrder(NewOrder):
    """A question that was not answered yet."""

    created_at: dt.datetime
    expires_at: dt.datetime


def keep_order(connection: sa.Connection, order: NewOrder) -> tuple[PendingOrder, list[str]]:
    """Keep an order, in place of what its interaction asked before and for as long; photos stay as they came.

    Returns:
        What is kept, and the ids of the member's orders that made room for it.
    """
    now = clock.now(connection)
    same = _one(connection, pending_orders.c.interaction_id == order.interaction_id)
    if same is not None and same.question is order.question is Question.PHOTOS:
        return same, []
    values = asdict(order) | {"question": order.question.value, "pace": order.pace and order.pace.value}
    del values["id"]
    at_first = {"id": order.id or new_id(now), "created_at": now, "expires_at": now + LIFE[order.question]}
    upsert = insert_or_update(
        connection,
        pending_orders,
        values | at_first,
        key=["interaction_id"],
        update=values,
    )
    kept = _order_from(connection.execute(upsert.returning(pending_orders)).one())
    return kept, _make_room(connection, kept)


def find_order(connection: sa.Connection, order_id: str) -> PendingOrder:
    """Return an order.

    Raises:
        UnknownOrder: there is none, or it is too old.
    """
    order = _one(connection, pending_orders.c.id == order_id)
    if order is None or order.expires_at <= clock.now(connection):
        raise UnknownOrder
    return order


def orders_of_member(connection: sa.Connection, user_id: int) -> list[PendingOrder]:
    """Return what a member was asked, the oldest first."""
    query = sa.select(pending_orders).where(pending_orders.c.user_id == user_id).order_by(pending_orders.c.id)
    return [_order_from(row) for row in connection.execute(query)]


def count_orders(connection: sa.Connection, question: Question) -> int:
    """Return how many of one kind wait, of all members."""
    p = pending_orders.c
    waits = p.question == question.value, p.expires_at > clock.now(connection)
    return int(connection.execute(sa.select(sa.func.count()).where(*waits)).scalar_one())


def purge_orders(connection: sa.Connection) -> list[PendingOrder]:
    """Forget what is too old, and return it."""
    old = pending_orders.c.expires_at <= clock.now(connection)
    gone = connection.execute(pending_orders.delete().where(old).returning(pending_orders))
    return [_order_from(row) for row in gone]


def drop_order(connection: sa.Connection, order_id: str) -> bool:
    """Forget an order; return whether it was there."""
    return connection.execute(pending_orders.delete().where(pending_orders.c.id == order_id)).rowcount == 1


def _make_room(connection: sa.Connection, kept: PendingOrder) -> list[str]:
    """Forget the oldest orders of a member where they have too many like this one; return their ids."""
    p, photos = pending_orders.c, kept.question is Question.PHOTOS
    alike = p.question == Question.PHOTOS.value if photos else p.question != Question.PHOTOS.value
    theirs = sa.select(p.id).where(p.user_id == kept.user_id, alike)
    newest_first = theirs.order_by(p.created_at.desc(), p.id.desc())
    found = list(connection.scalars(newest_first))
    gone = found[PHOTO_SETS_MAX if photos else QUESTIONS_MAX :]
    if gone:
        connection.execute(pending_orders.delete().where(p.id.in_(gone)))
    return gone


def _one(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> PendingOrder | None:
    row = connection.execute(sa.select(pending_orders).where(condition)).one_or_none()
    return None if row is None else _order_from(row)


def _order_from(row: sa.Row[Any]) -> PendingOrder:
    values = dict(row._mapping)
    values["question"] = Question(values["question"])
    values["pace"] = Pace(values["pace"]) if values["pace"] else None
    return PendingOrder(**values)
