"""Pending orders with what was asked for in its own type, instead of JSON."""

from pydantic import ValidationError

from bot.shared.errors import NotYours
from bot.shared.orders.asked import Asked
from bot.shared.orders.context import RequestContext
from bot.shared.services import Studio
from db.errors import UnknownOrder
from db.file_keys import photos_folder
from db.jobs import Pace
from db.pending import NewOrder, PendingOrder, Question

VERSION = 1  # of the form in which what was asked for is kept


async def keep(
    studio: Studio,
    asked: Asked,
    context: RequestContext,
    question: Question,
    *,
    price: int | None = None,
    pace: Pace | None = None,
    id: str = "",
) -> PendingOrder:
    """Keep what was asked for until a question about it is answered.

    Args:
        price: as its member is told.
        pace: as it was typed.
        id: which it gets; empty: a new one.
    """
    new = NewOrder(
        question=question,
        user_id=context.user_id,
        interaction_id=context.interaction_id,
        version=VERSION,
        request=studio.asked.dump_python(asked, mode="json"),
        price=price,
        pace=pace,
        private=context.private,
        id=id,
    )
    order, gone = await studio.pending.keep(new)
    for order_id in gone:
        await studio.files.delete_tree(photos_folder(order_id))
    return order


async def open_order(studio: Studio, order_id: str, user_id: int) -> PendingOrder:
    """Return a pending order to the one who was asked.

    Raises:
        UnknownOrder: it was answered already, or is too old.
        NotYours: somebody else was asked.
    """
    order = await studio.pending.get(order_id)
    if order.user_id != user_id:
        raise NotYours
    return order


def asked_in(studio: Studio, order: PendingOrder) -> Asked:
    """Return what was asked for.

    Raises:
        UnknownOrder: it was kept by another version and cannot be read any more.
    """
    try:
        if order.version == VERSION:
            asked: Asked = studio.asked.validate_python(order.request)
            return asked
    except ValidationError as error:
        raise UnknownOrder from error
    raise UnknownOrder


async def purge(studio: Studio) -> int:
    """Throw away pending orders that are too old, with their photos; return how many."""
    gone = await studio.pending.purge()
    for order in gone:
        if order.question is Question.PHOTOS:
            await studio.files.delete_tree(photos_folder(order.id))
    return len(gone)
