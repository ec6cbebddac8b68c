"""Pictures that are changed by the buttons below them."""

from bot.sandbox.human.client import HumanClient
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from inference.requests import ImageRequest, from_json
from tests.support.acceptance.bots import RunningBot

MENU = "Zoom out, pan, make square …"


async def varied(bot: RunningBot, who: HumanClient) -> list[tuple[Job, ImageRequest]]:
    """Return the jobs by which somebody had a picture changed, with their requests, newest first."""
    found = []
    for job in await bot.services.db.read(jobs_of_member, int(who.id)):
        request = from_json(job.request)
        if isinstance(request, ImageRequest) and request.origin is not None:
            found.append((job, request))
    return found


def newest(who: HumanClient) -> str:
    """Return the id of the newest message that somebody sees."""
    return str(who.messages()[-1]["id"])
