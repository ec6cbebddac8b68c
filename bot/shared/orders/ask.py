"""Ask back: keep what was asked for, and return the question. Nothing is held for one."""

from bot.shared.errors import BadParameter, LicenceNeeded
from bot.shared.orders.accept import Order, expected_s
from bot.shared.orders.asked import Asked
from bot.shared.orders.context import RequestContext
from bot.shared.orders.pending import keep
from bot.shared.orders.quotes import LicenceQuote, PhotosQuote, PriceQuote
from bot.shared.services import Studio
from db.errors import NotEnoughCredits
from db.jobs import Pace
from db.ledger import Statement
from db.pending import Question
from inference.catalogue import ImageModel, SpeechModel


async def ask_licence(
    studio: Studio, asked: Asked, context: RequestContext, model: ImageModel | SpeechModel, pace: Pace | None
) -> LicenceQuote:
    """Ask whether somebody accepts a model's licence.

    Raises:
        LicenceNeeded: nobody asked for anything, so nobody is asked back.
    """
    if not context.may_be_asked:
        raise LicenceNeeded(model)
    order = await keep(studio, asked.before_photos(), context, Question.LICENCE, pace=pace)
    return LicenceQuote(id=order.id, model=model)


async def ask_price_if_expensive(studio: Studio, order: Order, context: RequestContext) -> PriceQuote | None:
    """Ask whether somebody wants something expensive; None: it is cheap, free, or they agreed to its price.

    Nobody is asked who only sent a message: there is no interaction that a question could answer.

    Raises:
        BadParameter: it costs more by now than they agreed to.
        NotEnoughCredits: they cannot have it for free either. What is not fetched first finds that out when it is held.
    """
    if order.agreed is not None:
        if order.price > order.agreed:
            raise BadParameter("The price has changed since then. Please run your command again.")
        return None
    asked, may_be_free = order.asked, order.request.kind in context.terms.relaxed
    expensive = asked.price_known and not asked.always_asks and order.price > studio.rules.asks_above
    expensive = expensive and bool(context.interaction_token)
    if order.pace is Pace.RELAXED or not (expensive or (asked.fetches and not may_be_free)):
        return None
    balance = await studio.ledger.statement(context.user_id, allowance=context.terms.allowance, limit=1)
    affordable = balance.available >= order.price
    if not affordable and not may_be_free:
        raise NotEnoughCredits(available=balance.available, price=order.price, renews_at=balance.renews_at)
    if not expensive or (asked.relaxes and not affordable):
        return None
    foreseen_s = await expected_s(studio, order, context)
    return await ask_price(studio, order, context, balance, foreseen_s)


async def ask_price(
    studio: Studio,
    order: Order,
    context: RequestContext,
    balance: Statement | NotEnoughCredits,
    foreseen_s: float | None,
) -> PriceQuote:
    """Ask whether somebody wants something for its price, or for free if that is open to them.

    Args:
        balance: says what they have, and when more comes.
        foreseen_s: from now to its end; None: not known.
    """
    kept = await keep(studio, order.asked, context, Question.PRICE, price=order.price)
    return PriceQuote(
        id=kept.id,
        price=order.price,
        available=balance.available,
        expected_s=foreseen_s,
        renews_at=balance.renews_at,
        relaxed=order.request.kind in context.terms.relaxed,
    )


async def ask_photos(studio: Studio, order: Order, context: RequestContext) -> PhotosQuote:
    """Ask whether the photos shall do; what is kept has the id of their folder."""
    kept = await keep(studio, order.asked, context, Question.PHOTOS, price=order.price, id=order.asked.folder_id)
    if kept.id != order.asked.folder_id:  # the same event came twice
        await order.asked.forget(studio, context.interaction_id)
    kind = order.request.kind
    return PhotosQuote(
        id=kept.id,
        asked=order.asked,
        price=order.price,
        expected_s=studio.forecast.duration_s(kind, order.price),
        relaxed=kind in context.terms.relaxed,
    )
