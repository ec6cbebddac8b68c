"""Accept an order: its credits are held and its job is queued, in one transaction, once for each interaction."""

from dataclasses import dataclass

from bot.shared.errors import NotOpen
from bot.shared.orders.context import RequestContext
from bot.shared.orders.order_request import OrderRequest
from bot.shared.services import Services
from db.queue.fair_order.position import estimate_position
from db.queue.job import Job, Pace
from db.queue.submission import Submission
from inference.catalogue import Catalogue
from inference.requests import ImageRequest, Request, TrainRequest, TranscribeRequest, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for, as a request with its price."""

    asked: OrderRequest
    request: Request
    price: int  # credits, also of work where it is for free
    pace: Pace
    agreed: int | None = None  # the price that its member said yes to; None: they were not asked
    pending_id: str | None = None  # of the question that was answered just now

    @property
    def price_known(self) -> bool:
        """Whether that is its price; how long a clip is, the platform does not always know."""
        return not isinstance(self.request, TranscribeRequest) or self.request.duration_s > 0


async def accept(services: Services, order: Order, context: RequestContext, *, foreseen_s: float | None) -> Job:
    """Hold an order's credits and queue its job. Relaxed, it is free.

    Args:
        services: the stores, the catalogue and the rules.
        order: what was asked for.
        context: who asks, and where.
        foreseen_s: from now to its end, as its member is told.

    Raises:
        NotEnoughCredits, BudgetSpent, TooManyQueued, NameTaken: not now.
        UnknownOrder: the pending order that it was is gone.
    """
    terms = context.terms
    return await services.jobs.submit(
        Submission(
            interaction_id=context.interaction_id,
            interaction_token=context.interaction_token,
            kind=str(order.request.kind),
            user_id=context.user_id,
            guild_id=context.guild_id,
            channel_id=context.channel_id,
            private=context.private,
            request=to_json(order.request),
            model=order.request.model,
            pace=order.pace,
            price=0 if order.pace is Pace.RELAXED else order.price,
            work=order.price,
            limits=terms.limits(order.request.kind),
            allowance=terms.allowance,
            budget=terms.budget,
            weight=terms.weight,
            guild_weight=terms.guild_weight,
            forecast_s=foreseen_s,
            source_job_id=order.asked.source_job_id,
            message_id=context.message_id,
            age_restricted=context.age_restricted,
            order_id=order.pending_id,
            subject=order.asked.subject(order.request, context),
        )
    )


def check_terms(catalogue: Catalogue, order: Order, context: RequestContext) -> None:
    """Check an order against what the member's tier allows.

    Raises:
        NotOpen: it does not allow this.
    """
    request, terms = order.request, context.terms
    if isinstance(request, TrainRequest) and not terms.training_slots:
        raise NotOpen("Your role can't use `/train` here. An operator decides which roles can.")
    if order.pace is Pace.RELAXED and request.kind not in terms.relaxed:
        raise NotOpen(
            "Your role can't run that for free here. Choose `pace: fast`, or use `/fast` to always use credits."
        )
    if isinstance(request, ImageRequest) and terms.largest_px:
        side = max(request.width_px, request.height_px) * catalogue.image(request.model).upscale
        if side > terms.largest_px:
            raise NotOpen(f"Your role allows sides up to {terms.largest_px} px, not {side}. Choose a smaller `aspect`.")


async def expected_s(services: Services, order: Order, context: RequestContext) -> float | None:
    """Return the seconds from now until an order would be done, by the speed of late; None: not known."""
    kind = order.request.kind
    place = await services.db.read(
        estimate_position, kind=str(kind), pace=order.pace, guild_id=context.guild_id, user_id=context.user_id
    )
    return services.forecast.duration_s(kind, place.ahead_credits + order.price)
