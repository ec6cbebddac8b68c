"""Check an order and accept it: its credits are held and its job is queued, in one transaction, once an interaction."""

from dataclasses import dataclass, replace

from bot.shared.errors import Refused
from bot.shared.orders.order_request import OrderRequest, RequestContext
from bot.shared.policy import check_words
from bot.shared.services import Services
from db.queue.fair_order.position import estimate_position
from db.queue.job import Job, Pace
from db.queue.pending import PendingOrder, Question
from db.queue.submission import Submission
from inference.catalogue import AnyModel, Catalogue
from inference.loras import check_loras
from inference.pricing import price_of
from inference.prompt_parts import check_prompts
from inference.prompt_weights import plain_text
from inference.requests import ImageRequest, Request, TrainRequest, TranscribeRequest, UpscaleRequest, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for, as a request with its price."""

    order_request: OrderRequest
    request: Request
    price: int  # credits, also of work where it is for free; with all that is asked for beside it
    pace: Pace
    answered: PendingOrder | None = None  # the question that its member said yes to just now

    @property
    def agreed(self) -> int | None:
        """The price that its member said yes to; None: they were not asked about one."""
        return self.answered.price if self.answered and self.answered.question is not Question.LICENCE else None

    @property
    def price_known(self) -> bool:
        """Whether that is its price; how long a clip is, the platform does not always know."""
        return not isinstance(self.request, TranscribeRequest) or self.request.duration_s > 0


async def accept(services: Services, order: Order, context: RequestContext) -> Job:
    """Hold an order's credits and queue its job. Relaxed, it is free.

    Returns:
        The job; of several that were asked for together, the first.

    Raises:
        NotEnoughCredits, BudgetSpent, TooManyQueued, NameTaken: not now.
        UnknownOrder: the pending order that it was is gone.
    """
    beside = order.order_request.beside
    prices = [price_of(request, services.catalogue) for request in beside]
    first = _submission(services, order, context, order.request, order.price - sum(prices))
    first = replace(
        first,
        order_id=order.answered.id if order.answered else None,
        subject=order.order_request.subject(order.request, context),
    )
    rest = []
    for request, price, message_id in zip(beside, prices, context.beside_ids, strict=True):
        one = replace(context, interaction_id=message_id, message_id=message_id)  # whose id is no other job's
        rest.append(_submission(services, order, one, request, price))
    return await services.jobs.submit(first, *rest)


def _submission(services: Services, order: Order, context: RequestContext, request: Request, price: int) -> Submission:
    terms = context.terms
    return Submission(
        interaction_id=context.interaction_id,
        interaction_token=context.interaction_token,
        kind=str(request.kind),
        user_id=context.user_id,
        guild_id=context.guild_id,
        channel_id=context.channel_id,
        private=context.private,
        request=to_json(_with_revision(services.catalogue, request)),
        model=request.model,
        pace=order.pace,
        price=0 if order.pace is Pace.RELAXED else price,
        work=price,
        limits=terms.limits(request.kind),
        allowance=terms.allowance,
        budget=terms.budget,
        weight=terms.weight,
        guild_weight=terms.guild_weight,
        credit_s=services.forecast.credit_s(str(request.kind)),
        source_job_id=order.order_request.source_job_id,
        message_id=context.message_id,
        age_restricted=context.age_restricted,
    )


def _with_revision(catalogue: Catalogue, request: Request) -> Request:
    """Return a request with its model's revision noted, by which it is known whether it can be drawn again exactly."""
    if not isinstance(request, ImageRequest):
        return request
    return replace(request, revision=catalogue.image(request.model).revision)


def check_request(catalogue: Catalogue, request: Request, context: RequestContext) -> AnyModel:
    """Check what a request says and which model it is for, and return that model.

    Raises:
        Refused: it has a blocked word in it, or its model is for age-restricted channels alone.
        UnknownModel: the catalogue has no such model (any more).
        BadRequest: its model reads weights in prompts, and some cannot be read.
    """
    match request:
        case TranscribeRequest():
            return catalogue.speech_model(request.model)
        case ImageRequest():
            for text in {request.prompt, request.words}:  # not what should be kept out of the picture
                check_words(text, context.policy)
                check_words(plain_text(text), context.policy)  # weights can stand in the midst of a word
        case UpscaleRequest():
            check_words(request.words, context.policy)
            return catalogue.upscaler(request.model)
        case TrainRequest():
            check_words(f"{request.name} {request.class_noun}", context.policy)
    model = catalogue.image(request.model)
    if isinstance(request, ImageRequest):
        check_prompts(request, model)
        check_loras(request.loras, model, {use.name: catalogue.lora(use.name) for use in request.loras})
    if model.age_restricted and not context.age_restricted:
        raise Refused(f"{model.title} works only in age-restricted channels. Use it there, or choose another `model`.")
    return model


def check_terms(catalogue: Catalogue, order: Order, context: RequestContext) -> None:
    """Check an order, with all that is asked for beside it, against what the member's tier allows.

    Raises:
        Refused: it does not allow this.
    """
    request, terms = order.request, context.terms
    if isinstance(request, TrainRequest) and not terms.training_slots:
        raise Refused("Your role can't use `/train` here. An operator decides which roles can.")
    if order.pace is Pace.RELAXED and request.kind not in terms.relaxed:
        raise Refused(
            "Your role can't run that for free here. Choose `pace: fast`, or use `/fast` to always use credits."
        )
    for one in (request, *order.order_request.beside):
        if isinstance(one, ImageRequest) and terms.largest_px:
            side = max(one.width_px, one.height_px) * catalogue.image(one.model).upscale
            if side > terms.largest_px:
                limit = f"Your role allows sides up to {terms.largest_px} px, not {side}."
                raise Refused(f"{limit} Choose a smaller `aspect`.")
    if isinstance(request, UpscaleRequest) and terms.largest_px and max(request.result_px) > terms.largest_px:
        raise Refused(f"Your role allows sides up to {terms.largest_px} px, not {max(request.result_px)}.")


async def expected_s(services: Services, order: Order, context: RequestContext) -> float | None:
    """Return the seconds from now until an order would be done, by the speed of late; None: not known."""
    kind = order.request.kind
    place = await services.db.read(
        estimate_position, kind=str(kind), pace=order.pace, guild_id=context.guild_id, user_id=context.user_id
    )
    return services.forecast.duration_s(kind, place.ahead_credits + order.price)
