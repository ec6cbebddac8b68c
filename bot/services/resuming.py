"""Going on with what was asked for, after a question about a licence or a price.

What was kept meanwhile (see `db.offers`) is one of

    {"request", "pace", "source_job_id"}    pictures; the pace that was typed, where a licence was asked about
    {"clip", "hearing", "speaker_id"}       a file, as the platform described it; nothing of it is kept
    {"again", "hearing"}                    a clip that was heard before, by the job's id
    {"lesson"}                              the form for its photos comes next, so that is the caller's

each with "private", and with "price" where that was asked about.
"""

from dataclasses import replace

from bot.services.accept import accept, price
from bot.services.asking import Question, accept_or_ask
from bot.services.teaching import Lesson
from bot.services.voice import Hearing, transcribe, transcribe_again
from bot.shared.clips import Attached
from bot.shared.errors import BadParameter, JobGone
from bot.shared.orders.context import RequestContext
from bot.shared.studio import Studio
from db.jobs import Job, Pace
from db.offers import Offer
from inference.requests import ImageRequest, from_json


async def take_offer(studio: Studio, offer: Offer, context: RequestContext, pace: Pace) -> Job:
    """Make the job that a question about its price was about. Saying yes twice makes one job.

    Raises:
        BadParameter: it costs more by now than the member was told.
        As `accept`, `transcribe` and `transcribe_again`.
    """
    accepted = await resume(studio, offer, context, pace)
    assert isinstance(accepted, Job)  # with a pace, nobody is asked again
    return accepted


async def resume(studio: Studio, offer: Offer, context: RequestContext, pace: Pace | None = None) -> Job | Question:
    """Accept what was kept, as the interaction that asked for it. Going on twice makes one job.

    Args:
        pace: the answer to a question about the price; None: it was about a licence.

    Returns:
        The job, or what its member has to be asked next.
    """
    accepted = await _accept(studio, offer, replace(context, interaction_id=offer.interaction_id), pace)
    if isinstance(accepted, Job):  # a question about the price is kept in the same place
        await studio.offers.drop(offer.id)
    return accepted


async def _accept(studio: Studio, offer: Offer, context: RequestContext, pace: Pace | None) -> Job | Question:
    asked = offer.content
    if "clip" in asked:
        attached, hearing = Attached(**asked["clip"]), Hearing(**asked["hearing"])
        return await transcribe(studio, attached, hearing, context, speaker_id=asked["speaker_id"], pace=pace)
    if "again" in asked:
        job = await studio.jobs.get(asked["again"])
        if job is None:
            raise JobGone
        return await transcribe_again(studio, job, Hearing(**asked["hearing"]), context, pace=pace)
    request, source = from_json(asked["request"]), asked["source_job_id"]
    assert isinstance(request, ImageRequest)
    if pace is None:
        return await accept_or_ask(studio, request, context, pace=Pace(asked["pace"]), source_job_id=source)
    if price(studio, request) > asked["price"]:
        raise BadParameter("The price has changed since then. Please run your command again.")
    return await accept(studio, request, context, pace=pace, source_job_id=source)


def lesson_in(offer: Offer) -> Lesson | None:
    """Return the lesson that was kept, if it is one."""
    return Lesson(**offer.content["lesson"]) if "lesson" in offer.content else None
