"""Pending orders: what was asked for, in its own type, kept until a question about it is answered or too old."""

from pydantic import ValidationError

from bot.shared.errors import NotYours
from bot.shared.orders.accept import Order
from bot.shared.orders.order_request import OrderRequest, RequestContext
from bot.shared.services import Services
from db.errors import UnknownOrder
from db.file_keys import photos_folder
from db.queue.pending import NewOrder, PendingOrder, Question, find_order, keep_order, purge_orders
from inference.requests import TrainRequest

VERSION = 1  # of the form in which what was asked for is kept


async def keep(services: Services, order: Order, context: RequestContext, question: Question) -> str:
    """Keep what was asked for, with photos under the id of their folder; return the id.

    Args:
        services: the stores, the catalogue and the rules.
        order: what was asked for.
        context: who asks, and where.
        question: what they are asked.
    """
    priced = question is not Question.LICENCE and order.order_request.suggestion is None
    folder_id = order.request.subject_id if isinstance(order.request, TrainRequest) else ""
    kept, gone = await services.db.write(
        keep_order,
        NewOrder(
            id=folder_id,
            question=question,
            user_id=context.user_id,
            interaction_id=context.interaction_id,
            version=VERSION,
            request=services.order_requests.dump_python(order.order_request, mode="json"),
            price=order.price if priced else None,
            pace=order.pace,
            private=context.private,
        ),
    )
    if folder_id and kept.id != folder_id:  # the same photos came twice
        gone.append(folder_id)
    for order_id in gone:
        await services.files.delete_tree(photos_folder(order_id))
    return kept.id


async def open_order(services: Services, order_id: str, user_id: int) -> PendingOrder:
    """Return a pending order to the one who was asked.

    Raises:
        UnknownOrder: it was answered already, or is too old.
        NotYours: somebody else was asked.
    """
    order = await services.db.read(find_order, order_id)
    if order.user_id != user_id:
        raise NotYours
    return order


def request_in(services: Services, order: PendingOrder) -> OrderRequest:
    """Return what was asked for.

    Raises:
        UnknownOrder: it was kept by another version and cannot be read any more.
    """
    if order.version != VERSION:
        raise UnknownOrder
    try:
        order_request: OrderRequest = services.order_requests.validate_python(order.request)
    except ValidationError as error:
        raise UnknownOrder from error
    return order_request


async def purge(services: Services) -> int:
    """Throw away pending orders that are too old, with their photos; return how many."""
    gone = await services.db.write(purge_orders)
    for order in gone:
        await services.files.delete_tree(photos_folder(order.id))
    return len(gone)
