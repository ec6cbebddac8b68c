"""Accept: from what somebody asked to a job that is priced, paid for and in line."""

from typing import assert_never

from bot.services.subjects import check_rights
from bot.shared.errors import LicenceNeeded, NotOpen
from bot.shared.orders.context import RequestContext
from bot.shared.policy import check_age, check_place, check_words, model_of, wants_licence, words_of
from bot.shared.studio import Studio
from bot.shared.tiers import Terms
from db.errors import NotEnoughCredits, TooManyQueued
from db.jobs import Job, Pace, Submission
from db.subjects import Draft
from inference.pricing import price_image, price_train, price_transcribe
from inference.requests import ImageRequest, Kind, Request, TrainRequest, TranscribeRequest, to_json


async def accept(
    studio: Studio,
    request: Request,
    context: RequestContext,
    *,
    pace: Pace = Pace.FAST,
    source_job_id: str | None = None,
    subject: Draft | None = None,
) -> Job:
    """Price a request, hold its credits and put it in line. Relaxed, it is free.

    Args:
        subject: what a training makes, with the consent to it.

    Raises:
        UnknownModel: the catalogue has no such model (any more).
        SubjectGone, BadParameter: a subject in it may not be used (any more), or not with that model.
        NotOpen: the member's tier does not allow it.
        Refused: an operator's decision does not, see `check_policy`.
        NotEnoughCredits, BudgetSpent, TooManyQueued, NameTaken: not now.
    """
    await check_policy(studio, request, context)
    terms = context.terms
    if isinstance(request, ImageRequest):
        await check_rights(studio, request, context)
    check_terms(studio, request, terms, pace)
    work = price(studio, request)
    return await studio.jobs.submit(
        Submission(
            interaction_id=context.interaction_id,
            interaction_token=context.interaction_token,
            kind=str(request.kind),
            user_id=context.user_id,
            guild_id=context.guild_id,
            channel_id=context.channel_id,
            private=context.private,
            request=to_json(request),
            model=request.model,
            pace=pace,
            price=0 if pace is Pace.RELAXED else work,
            work=work,
            limits=terms.limits(request.kind),
            allowance=terms.allowance,
            budget=terms.budget,
            weight=terms.weight,
            guild_weight=terms.guild_weight,
            forecast_s=await expected_s(studio, request, context, pace),
            source_job_id=source_job_id,
            message_id=context.message_id,
            age_restricted=context.age_restricted,
            subject=subject,
        )
    )


async def check_policy(studio: Studio, request: Request, context: RequestContext) -> None:
    """Check a request against everything that operators decided.

    Raises:
        Paused, Banned, ChannelClosed: nothing is taken here.
        WordBlocked: it has a word in it that is not used here.
        AgeRestricted, LicenceNeeded: its model asks for something first.
    """
    check_place(context.policy)
    check_words(words_of(request), context.policy)
    model = model_of(studio.catalogue, request)
    check_age(model, age_restricted=context.age_restricted)
    if await wants_licence(studio, model, context.user_id):
        raise LicenceNeeded(model)


async def check_room(studio: Studio, kind: Kind, context: RequestContext) -> None:
    """See whether one more job of a kind may wait, before anything is fetched for it.

    Raises:
        TooManyQueued: its member has as many as their tier allows.
    """
    limit = context.terms.limits(kind).max_queued
    if await studio.jobs.queued(context.user_id, kind) >= limit:
        raise TooManyQueued(limit=limit)


async def check_credits(studio: Studio, request: Request, context: RequestContext) -> None:
    """Refuse before anything is fetched what nobody could have for free; the hold itself is taken with the job.

    Raises:
        NotEnoughCredits: it costs more than its member has.
    """
    terms = context.terms
    if request.kind in terms.relaxed:
        return
    cost = price(studio, request)
    statement = await studio.ledger.statement(context.user_id, allowance=terms.allowance, limit=1)
    if statement.available < cost:
        raise NotEnoughCredits(available=statement.available, price=cost, renews_at=statement.renews_at)


def check_terms(studio: Studio, request: Request, terms: Terms, pace: Pace) -> None:
    """Check a request against what the member's tier allows.

    Raises:
        NotOpen: it does not allow this.
    """
    if isinstance(request, TrainRequest) and not terms.training_slots:
        raise NotOpen("Your role can't use `/train` here. An operator decides which roles can.")
    if pace is Pace.RELAXED and request.kind not in terms.relaxed:
        raise NotOpen(
            "Your role can't run that for free here. Choose `pace: fast`, or use `/fast` to always use credits."
        )
    if isinstance(request, ImageRequest) and terms.largest_px:
        side = max(request.width_px, request.height_px) * studio.catalogue.image(request.model).upscale
        if side > terms.largest_px:
            raise NotOpen(f"Your role allows sides up to {terms.largest_px} px, not {side}. Choose a smaller `aspect`.")


async def expected_s(studio: Studio, request: Request, context: RequestContext, pace: Pace) -> float | None:
    """Return the seconds from now until a request would be done, by the speed of late; None: not known."""
    place = await studio.jobs.foresee(
        kind=str(request.kind), pace=pace, guild_id=context.guild_id, user_id=context.user_id
    )
    return studio.forecast.duration_s(request.kind, place.ahead_credits + price(studio, request))


def price(studio: Studio, request: Request) -> int:
    """Return what a request costs, in credits.

    Raises:
        UnknownModel: the catalogue has no such model.
    """
    match request:
        case ImageRequest():
            return price_image(request, studio.catalogue.image(request.model))
        case TrainRequest():
            return price_train(request)
        case TranscribeRequest():
            return price_transcribe(request)
        case _:
            assert_never(request)
