"""Going on with what was asked for before a licence had to be accepted: pictures, a clip, or a lesson's photos.

What was kept (see `bot.services.licences`) is one of

    {"request", "pace", "source_job_id"}    pictures
    {"clip", "hearing", "speaker_id"}       a file, as the platform described it; nothing of it was fetched yet
    {"lesson"}                              the form for its photos comes next, so that is the caller's
"""

from dataclasses import replace

from bot.services.asking import Question, accept_or_ask
from bot.services.clips import Attached
from bot.services.origin import Origin
from bot.services.studio import Studio
from bot.services.teaching import Lesson
from bot.services.voice import Hearing, transcribe
from db.jobs import Job, Pace
from db.offers import Offer
from inference.requests import ImageRequest, from_json


async def resume(studio: Studio, offer: Offer, origin: Origin) -> Job | Question:
    """Accept what was kept, as the interaction that asked for it. Going on twice makes one job.

    Returns:
        The job, or what its member has to be asked next.

    Raises:
        As `accept_or_ask` and `transcribe`.
    """
    asked, first = offer.content, replace(origin, interaction_id=offer.interaction_id)
    if "clip" in asked:
        attached, hearing = Attached(**asked["clip"]), Hearing(**asked["hearing"])
        accepted: Job | Question = await transcribe(studio, attached, hearing, first, speaker_id=asked["speaker_id"])
    else:
        request = from_json(asked["request"])
        assert isinstance(request, ImageRequest)
        pace, source = Pace(asked["pace"]), asked["source_job_id"]
        accepted = await accept_or_ask(studio, request, first, pace=pace, source_job_id=source)
    if isinstance(accepted, Job):  # a question about the price is kept in the same place
        await studio.offers.drop(offer.id)
    return accepted


def lesson_in(offer: Offer) -> Lesson | None:
    """Return the lesson that was kept, if it is one."""
    return Lesson(**offer.content["lesson"]) if "lesson" in offer.content else None
