"""Confirm or decline: what a member answers to a question goes on with what they asked for, once."""

from dataclasses import replace

from bot.shared.orders.order_request import Quote, RequestContext
from bot.shared.orders.pending import request_in
from bot.shared.orders.quote import quote
from bot.shared.services import Services
from db.errors import UnknownOrder
from db.file_keys import photos_folder
from db.moderation import licences
from db.queue.finding import job_of_interaction
from db.queue.job import Job, Pace
from db.queue.pending import PendingOrder, Question, drop_order, find_order


async def confirm(
    services: Services,
    order: PendingOrder,
    context: RequestContext,
    *,
    pace: Pace | None = None,
    as_suggested: bool | None = None,
) -> Job | Quote:
    """Go on with what a member said yes to, as the interaction that asked for it. Saying yes twice makes one job.

    Args:
        services: the stores, the catalogue and the rules.
        order: what was asked for.
        context: of the yes.
        pace: which they chose; None: they accepted a licence or said what they meant, and may be asked about the price.
        as_suggested: whether they meant what was suggested; None: they were not asked.

    Raises:
        OrderRequest.gone: it was declined, or thrown away.
        As `quote`.
    """
    order_request = request_in(services, order)
    if as_suggested is not None:
        await order_request.note_answer(services, order.user_id, as_suggested=as_suggested)
        order_request = order_request.decided(as_suggested=as_suggested)
    async with services.locks.of(order.id):
        try:
            answered = await services.db.read(find_order, order.id)
            first = replace(context, interaction_id=order.interaction_id)
            return await quote(services, order_request, first, pace=pace or answered.pace, answered=answered)
        except UnknownOrder as error:
            if (job := await services.db.read(job_of_interaction, order.interaction_id)) is not None:
                return job
            raise order_request.gone from error


async def decline(services: Services, order: PendingOrder) -> bool:
    """Throw away what a member said no to, with its photos; return whether it was still there."""
    async with services.locks.of(order.id):
        there = await services.db.write(drop_order, order.id)
        if there and order.question is Question.PHOTOS:
            await services.files.delete_tree(photos_folder(order.id))
    return there


async def accept_licence(services: Services, user_id: int, model_name: str) -> None:
    """Note that a member accepts a model's licence as it is now; a model that is no longer there needs no consent."""
    catalogue = services.catalogue
    for model in (*catalogue.images, *catalogue.speech, *catalogue.upscalers):
        if model.name == model_name:
            await services.db.write(licences.accept_licence, user_id, model.name, model.licence)
