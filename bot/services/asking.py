"""Asking back before something dear is paid for, and offering to draw for free when the credits are gone."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from bot.services.accept import accept, check_policy, check_terms, expected_s, price
from bot.services.licences import kept_for_licence
from bot.services.subjects import with_subject_model, with_subjects
from bot.services.wish import Wish, image_request
from bot.shared.errors import BadParameter, NotYours
from bot.shared.orders.context import RequestContext
from bot.shared.studio import Studio
from db.errors import BudgetSpent, NotEnoughCredits
from db.jobs import Job, Pace
from db.ledger import Statement
from db.offers import Offer
from inference.requests import ImageRequest, Request, from_json, to_json

PACE = "pace"  # among a member's preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody is asked before anything is held."""

    offer_id: str
    price: int
    available: int
    expected_s: float | None  # from now to its end; None: not known yet
    renews_at: dt.datetime
    relaxed: bool  # it may be had for free when nobody else waits

    @property
    def affordable(self) -> bool:
        """Whether the credits are there."""
        return self.available >= self.price


async def accept_wish(studio: Studio, wish: Wish, context: RequestContext) -> Job | Question:
    """Accept what was typed into /imagine, or ask back.

    Raises:
        BadParameter, UnknownModel, SubjectGone: it cannot be drawn as asked.
        NotOpen, NotEnoughCredits, BudgetSpent, TooManyQueued: not now. Nothing was charged in any of these cases.
    """
    wish = await with_subject_model(studio, wish, context)
    request = image_request(wish, studio.catalogue, random_seed=studio.random_seed())
    if wish.subject:
        request = await with_subjects(studio, request, wish.subject, context)
    pace = Pace(wish.pace) if wish.pace else await preferred_pace(studio, context.user_id)
    return await accept_or_ask(studio, request, context, pace=pace)


async def accept_again(studio: Studio, job: Job, context: RequestContext) -> Job | Question:
    """Accept a job's request once more with another seed, at today's price and limits.

    Raises:
        BadParameter: this kind of job has nothing to draw again.
        UnknownModel, NotOpen, NotEnoughCredits, BudgetSpent, TooManyQueued: as for a new one.
    """
    request = from_json(job.request)
    if not isinstance(request, ImageRequest):
        raise BadParameter("Only pictures can be re-rolled.")
    request = replace(request, seed=studio.random_seed())
    return await accept_or_ask(studio, request, context, pace=job.pace, source_job_id=job.id)


async def accept_or_ask(
    studio: Studio, request: ImageRequest, context: RequestContext, *, pace: Pace, source_job_id: str | None = None
) -> Job | Question:
    """Accept a request for pictures, or return what its member must be asked first. Nothing is held for a question.

    Raises:
        As `accept`; NotEnoughCredits only where drawing relaxed is not open to the member.
    """
    asked = {"request": to_json(request), "pace": str(pace), "source_job_id": source_job_id}
    async with kept_for_licence(studio, context, asked):
        return await _accept_or_ask(studio, request, context, pace, source_job_id)


async def _accept_or_ask(
    studio: Studio, request: ImageRequest, context: RequestContext, pace: Pace, source_job_id: str | None
) -> Job | Question:
    cost = price(studio, request)
    terms = context.terms
    relaxed = request.kind in terms.relaxed
    if pace is Pace.RELAXED or cost <= studio.rules.asks_above:
        try:
            return await accept(studio, request, context, pace=pace, source_job_id=source_job_id)
        except NotEnoughCredits:
            if not relaxed:
                raise
    else:  # before anybody is asked about a price, what `accept` would say of the request
        await check_policy(studio, request, context)
        check_terms(studio, request, terms, pace)
    statement = await studio.ledger.statement(context.user_id, allowance=terms.allowance, limit=1)
    if statement.available < cost and not relaxed:
        raise NotEnoughCredits(available=statement.available, price=cost, renews_at=statement.renews_at)
    asked = {"request": to_json(request), "source_job_id": source_job_id}
    return await _question(studio, request, context, statement, asked)


async def ask_if_dear(
    studio: Studio, request: Request, context: RequestContext, asked: dict[str, Any]
) -> Question | None:
    """Return what a member must be asked before a request is paid for; None: it is cheap, or it will be for free.

    Nobody is asked who only sent a message: there is no interaction that a question could answer.

    Args:
        asked: what to go on with after a yes, see `bot.services.resuming`.
    """
    cost = price(studio, request)
    if cost <= studio.rules.asks_above or not context.interaction_token:
        return None
    terms = context.terms
    if request.kind in terms.relaxed and await preferred_pace(studio, context.user_id) is Pace.RELAXED:
        return None
    statement = await studio.ledger.statement(context.user_id, allowance=terms.allowance, limit=1)
    return await _question(studio, request, context, statement, asked) if statement.available >= cost else None


async def _question(
    studio: Studio, request: Request, context: RequestContext, statement: Statement, asked: dict[str, Any]
) -> Question:
    """Keep what was asked for, and return what its member is asked."""
    cost = price(studio, request)
    content = {"price": cost, "private": context.private, **asked}
    offer = await studio.offers.keep(context.user_id, context.interaction_id, content)
    return Question(
        offer_id=offer.id,
        price=cost,
        available=statement.available,
        expected_s=await expected_s(studio, request, context, Pace.FAST),
        renews_at=statement.renews_at,
        relaxed=request.kind in context.terms.relaxed,
    )


async def accept_or_relax(
    studio: Studio,
    request: Request,
    context: RequestContext,
    *,
    pace: Pace | None = None,
    source_job_id: str | None = None,
) -> Job:
    """Accept a request at the pace that was chosen; where none was, for free if its member prefers that or cannot pay.

    Raises:
        As `accept`; without a pace, NotEnoughCredits and BudgetSpent only where it is not open to the member for free.
    """
    if pace is not None:
        return await accept(studio, request, context, pace=pace, source_job_id=source_job_id)
    terms = context.terms
    relaxed = request.kind in terms.relaxed
    if not relaxed or await preferred_pace(studio, context.user_id) is Pace.FAST:
        try:
            return await accept(studio, request, context, source_job_id=source_job_id)
        except (NotEnoughCredits, BudgetSpent):
            if not relaxed:
                raise
    return await accept(studio, request, context, pace=Pace.RELAXED, source_job_id=source_job_id)


async def open_offer(studio: Studio, offer_id: str, user_id: int) -> Offer:
    """Return an offer to the one who was asked.

    Raises:
        UnknownOffer: it was answered already.
        NotYours: somebody else was asked.
    """
    offer = await studio.offers.get(offer_id)
    if offer.user_id != user_id:
        raise NotYours
    return offer


async def preferred_pace(studio: Studio, user_id: int) -> Pace:
    """Return which pace a member wants where they do not say."""
    member = await studio.members.get(user_id)
    return Pace(member.preferences.get(PACE, Pace.FAST)) if member else Pace.FAST


async def prefer_pace(studio: Studio, user_id: int, pace: Pace) -> None:
    """Remember it."""
    await studio.members.prefer(user_id, {PACE: str(pace) if pace is Pace.RELAXED else None})
