"""Quote: from what somebody asks for to its job, or to what they have to be asked first.

A request that cannot be granted is refused by an error, whose sentence says why and what to do: errors of all layers
are explained in one place (`bot.shared.discord.explain`), so that no caller has to pass them on.
"""

from dataclasses import replace

from bot.shared.orders.accept import Order, accept, check_pace, check_room, check_terms, expected_s, price_of
from bot.shared.orders.ask import ask_licence, ask_photos, ask_price, ask_price_if_expensive
from bot.shared.orders.asked import Asked
from bot.shared.orders.context import RequestContext
from bot.shared.orders.pace import preferred_pace
from bot.shared.orders.quotes import PhotosWanted, PriceQuote, Quote
from bot.shared.policy import check_age, check_place, check_words, model_of, wants_licence, words_of
from bot.shared.services import Studio
from db.errors import BudgetSpent, NotEnoughCredits
from db.jobs import Job, Pace
from db.pending import PendingOrder, Question
from inference.requests import Kind


async def quote(
    studio: Studio,
    asked: Asked,
    context: RequestContext,
    *,
    pace: Pace | None = None,
    answered: PendingOrder | None = None,
) -> Job | Quote:
    """Accept what somebody asks for, or return what they have to be asked first.

    The same interaction again finds the same job, or asks the same question.

    Args:
        pace: as they said; None: as they prefer.
        answered: the question that they said yes to just now, see `bot.shared.orders.confirm`.

    Raises:
        Refused, BadRequest: it cannot be granted, see `Asked.build` and `bot.shared.policy`.
        NotEnoughCredits, BudgetSpent, TooManyQueued, NameTaken, UnknownOrder: not now. Nothing was charged.
    """
    check_place(context.policy)
    if asked.fetches and (job := await studio.jobs.by_interaction(context.interaction_id)) is not None:
        return job
    request = await asked.build(studio, context)
    check_words(words_of(request), context.policy)
    model = model_of(studio.catalogue, request)
    check_age(model, age_restricted=context.age_restricted)
    if await wants_licence(studio, model, context.user_id):
        return await ask_licence(studio, asked, context, model, pace)
    if asked.wants_photos:
        return PhotosWanted(asked=asked)
    check_terms(studio.catalogue, request, context.terms)
    order = Order(
        asked=asked,
        request=request,
        price=price_of(studio.catalogue, request),
        pace=pace or await _pace(studio, asked, request.kind, context),
        agreed=answered.price if answered and answered.question is not Question.LICENCE else None,
        pending_id=answered.id if answered else None,
    )
    check_pace(request.kind, order.pace, context.terms)
    if (question := await ask_price_if_expensive(studio, order, context)) is not None:
        return question
    return await (_fetch if asked.fetches else _conclude)(studio, order, context)


async def _pace(studio: Studio, asked: Asked, kind: Kind, context: RequestContext) -> Pace:
    """Return the pace of what was asked for without one."""
    if asked.always_asks or (asked.relaxes and kind not in context.terms.relaxed):
        return Pace.FAST
    return await preferred_pace(studio, context.user_id)


async def _fetch(studio: Studio, order: Order, context: RequestContext) -> Job | Quote:
    """Fetch what an order needs and go on with it; what was fetched is kept for a job, and for the photos' question."""
    async with order.asked.turn(studio, context.user_id):
        if (job := await studio.jobs.by_interaction(context.interaction_id)) is not None:
            return job  # the same event came twice
        await check_room(studio, order.request.kind, context)
        asked, request = await order.asked.fetch(studio, order.request, context)
        fetched = replace(order, asked=asked, request=request, price=price_of(studio.catalogue, request))
        try:
            question = None
            if fetched.price != order.price or not order.asked.price_known:
                question = await ask_price_if_expensive(studio, fetched, context)
            outcome = question or await _conclude(studio, fetched, context)
        except Exception:
            await asked.forget(studio, context.interaction_id)
            raise
        if isinstance(outcome, PriceQuote):
            await asked.forget(studio, context.interaction_id)
        return outcome


async def _conclude(studio: Studio, order: Order, context: RequestContext) -> Job | Quote:
    """Accept an order, or ask the last question: about photos, or about having it for free."""
    if order.asked.always_asks and order.agreed is None:
        return await ask_photos(studio, order, context)
    foreseen_s = await expected_s(studio, order, context)
    try:
        return await accept(studio, order, context, foreseen_s=foreseen_s)
    except (NotEnoughCredits, BudgetSpent) as error:
        may_be_free = order.pace is Pace.FAST and order.request.kind in context.terms.relaxed
        if order.agreed is not None or not may_be_free:
            raise
        if order.asked.relaxes:
            relaxed = replace(order, pace=Pace.RELAXED)
            return await accept(studio, relaxed, context, foreseen_s=await expected_s(studio, relaxed, context))
        if isinstance(error, BudgetSpent):
            raise
        return await ask_price(studio, order, context, error, foreseen_s)
