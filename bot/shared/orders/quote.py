"""Quote: from what somebody asks for to its job, or to what they have to be asked first.

A request that cannot be granted is refused by an error, whose sentence says why and what to do: errors of all layers
are explained in one place (`bot.shared.discord.explain`), so that no caller has to pass them on.
"""

from dataclasses import replace

from bot.shared.errors import BadParameter, LicenceNeeded, Refused
from bot.shared.orders.accept import Order, accept, check_request, check_terms, expected_s
from bot.shared.orders.asker import PACE
from bot.shared.orders.order_request import (
    LicenceQuote,
    OrderRequest,
    PhotosQuote,
    PhotosWanted,
    PriceQuote,
    Quote,
    RequestContext,
    SuggestionQuote,
)
from bot.shared.orders.pending import keep
from bot.shared.policy import check_place
from bot.shared.services import Services
from db.credits.statement import Statement, read_statement
from db.errors import BudgetSpent, NotEnoughCredits, TooManyQueued
from db.file_keys import photos_folder
from db.moderation.licences import has_accepted
from db.people.members import set_preferences
from db.queue.finding import count_queued, job_of_interaction
from db.queue.job import Job, Pace
from db.queue.pending import PendingOrder, Question
from inference.pricing import price_of
from inference.requests import ImageRequest, Kind, Request, TrainRequest, TranscribeRequest


async def quote(
    services: Services,
    order_request: OrderRequest,
    context: RequestContext,
    *,
    pace: Pace | None = None,
    answered: PendingOrder | None = None,
) -> Job | Quote:
    """Accept what somebody asks for, or return what they have to be asked first.

    The same interaction again finds the same job, or asks the same question.

    Args:
        services: the stores, the catalogue and the rules.
        order_request: what a member asks for.
        context: who asks, and where.
        pace: as they said; None: as they prefer.
        answered: the question that they said yes to just now, see `bot.shared.orders.confirm`.

    Raises:
        Refused, BadRequest: it cannot be granted, see `OrderRequest.build` and `bot.shared.policy`.
        NotEnoughCredits, BudgetSpent, TooManyQueued, NameTaken, UnknownOrder: not now. Nothing was charged.
    """
    check_place(context.policy)
    if order_request.fetches and (job := await _job_before(services, context)) is not None:
        return job
    request = await order_request.build(services, context)
    requests = (request, *order_request.beside)
    models = [check_request(services.catalogue, one, context) for one in requests]
    pace = pace or _pace(order_request, request.kind, context)
    price = sum(price_of(one, services.catalogue) for one in requests)
    order = Order(order_request=order_request, request=request, price=price, pace=pace, answered=answered)
    if order_request.suggestion is not None:
        id = await keep(services, order, context, Question.PRICE)
        return SuggestionQuote(id=id, suggestion=order_request.suggestion)
    for model in {model.name: model for model in models if model.must_accept}.values():
        if await services.db.read(has_accepted, context.user_id, model.name, model.licence):
            continue
        if not context.may_be_asked:
            raise LicenceNeeded(model)
        return LicenceQuote(id=await keep(services, order, context, Question.LICENCE), model=model)
    if order_request.wants_photos:
        return PhotosWanted(order_request=order_request)
    check_terms(services.catalogue, order, context)
    await _check_queue(services, order, context)
    if (question := await _ask_price_if_expensive(services, order, context)) is not None:
        return question
    return await (_fetch if order_request.fetches else _conclude)(services, order, context)


async def _check_queue(services: Services, order: Order, context: RequestContext) -> None:
    """See that there is room for all that is asked for together, before anybody is asked about its price.

    Raises:
        Refused: there is not.
    """
    if not order.order_request.beside:
        return
    kind, jobs = order.request.kind, 1 + len(order.order_request.beside)
    limit, queued = context.terms.limits(kind).max_queued, await services.db.read(count_queued, context.user_id, kind)
    if queued + jobs > limit:
        wait = f", where {queued} wait" if queued else ""
        raise Refused(f"That makes {jobs} jobs, and you can have {limit} in the queue{wait}. Please ask for fewer.")


async def _job_before(services: Services, context: RequestContext) -> Job | None:
    """Return the job that the same event made before."""
    return await services.db.read(job_of_interaction, context.interaction_id)


def _pace(order_request: OrderRequest, kind: Kind, context: RequestContext) -> Pace:
    """Return the pace of what was asked for without one."""
    if order_request.always_asks or order_request.asks or (order_request.relaxes and kind not in context.terms.relaxed):
        return Pace.FAST
    return context.pace


async def prefer_pace(services: Services, user_id: int, pace: Pace) -> None:
    """Remember which pace a member wants where they do not say."""
    await services.db.write(set_preferences, user_id, {PACE: str(pace) if pace is Pace.RELAXED else None})


async def _ask_price_if_expensive(services: Services, order: Order, context: RequestContext) -> PriceQuote | None:
    """Ask whether somebody wants something expensive; None: it is cheap, free, or they agreed to its price.

    Nobody is asked who only sent a clip, for there is no interaction that a question could answer. What is not
    fetched first is told that it cannot be paid when its credits are held.
    """
    if order.agreed is not None:
        if order.price > order.agreed:
            raise BadParameter("The price has changed since then. Please run your command again.")
        return None
    order_request, may_be_free = order.order_request, order.request.kind in context.terms.relaxed
    expensive = bool(order_request.asks) or order.price > services.rules.asks_above
    expensive = expensive and order.price_known and not order_request.always_asks
    expensive = expensive and (bool(context.interaction_token) or context.called)
    free = order.pace is Pace.RELAXED and not order_request.beside
    if free or not (expensive or (order_request.fetches and not may_be_free)):
        return None
    balance = await read_statement(services.db, context.user_id, context.terms.allowance, limit=1)
    affordable = balance.available >= order.price
    if not affordable and not may_be_free:
        raise NotEnoughCredits(available=balance.available, price=order.price, renews_at=balance.renews_at)
    if not expensive or (order_request.relaxes and not affordable):
        return None
    return await _ask_price(services, order, context, balance)


async def _ask_price(
    services: Services, order: Order, context: RequestContext, balance: Statement | NotEnoughCredits
) -> PriceQuote:
    """Ask whether somebody wants something for its price, or for free if that is open to them."""
    return PriceQuote(
        id=await keep(services, order, context, Question.PRICE),
        price=order.price,
        available=balance.available,
        expected_s=await expected_s(services, order, context),
        renews_at=balance.renews_at,
        relaxed=order.request.kind in context.terms.relaxed,
        asks=order.order_request.asks,
    )


async def _fetch(services: Services, order: Order, context: RequestContext) -> Job | Quote:
    """Fetch the files of an order and go on with it; they are kept for a job, and for the question about photos."""
    kind = order.request.kind
    async with services.locks.of((context.user_id, kind)):
        if (job := await _job_before(services, context)) is not None:
            return job
        # Read again what operators decided: somebody may have been banned while their file waited for its turn.
        check_place(
            await services.moderation.policy(
                context.user_id,
                guild_id=context.guild_id,
                channel_ids=context.channel_ids,
                only_guild_id=context.only_guild_id,
            )
        )
        limit = context.terms.limits(kind).max_queued
        if await services.db.read(count_queued, context.user_id, kind) >= limit:
            raise TooManyQueued(limit=limit)
        order_request, request = await order.order_request.fetch(services, order.request, context)
        price = order.price if order.price_known else price_of(request, services.catalogue)
        fetched = replace(order, order_request=order_request, request=request, price=price)
        try:
            question = None if order.price_known else await _ask_price_if_expensive(services, fetched, context)
            outcome = question or await _conclude(services, fetched, context)
        except Exception:
            await _forget_files(services, request)
            raise
        if isinstance(outcome, PriceQuote):
            await _forget_files(services, request)
        return outcome


async def _forget_files(services: Services, request: Request) -> None:
    if isinstance(request, TrainRequest):
        await services.files.delete_tree(photos_folder(request.subject_id))
    elif isinstance(request, TranscribeRequest):
        await services.files.delete(request.audio)
    elif isinstance(request, ImageRequest):
        for key in filter(None, request.brought):
            await services.files.delete(key)


async def _conclude(services: Services, order: Order, context: RequestContext) -> Job | Quote:
    """Accept an order, or ask the last question: about photos, or about having it for free."""
    may_be_free = order.request.kind in context.terms.relaxed
    if order.order_request.always_asks and order.agreed is None:
        id = await keep(services, order, context, Question.PHOTOS)
        balance = await read_statement(services.db, context.user_id, context.terms.allowance, limit=1)
        return PhotosQuote(
            id=id,
            order_request=order.order_request,
            price=order.price,
            available=balance.available,
            expected_s=services.forecast.duration_s(order.request.kind, order.price),
            renews_at=balance.renews_at,
            relaxed=may_be_free,
        )
    try:
        return await accept(services, order, context)
    except (NotEnoughCredits, BudgetSpent) as error:
        if order.agreed is not None or order.pace is Pace.RELAXED or not may_be_free:
            raise
        if order.order_request.relaxes:
            return await accept(services, replace(order, pace=Pace.RELAXED), context)
        if isinstance(error, BudgetSpent):
            raise
        return await _ask_price(services, order, context, error)
