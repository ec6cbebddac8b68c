"""What is offered while a job is being typed. Pure."""

from collections.abc import Sequence

from discord.app_commands import Choice

from bot.shared.discord.choices import choices
from bot.shared.text.formatting import harmless
from db.queue.job import Job
from inference.requests import ImageRequest, from_json


def job_choices(jobs: Sequence[Job], typed: str) -> list[Choice[str]]:
    """Offer somebody's own jobs by their words."""
    rows = []
    for job in jobs:
        request = from_json(job.request)
        words = request.prompt if isinstance(request, ImageRequest) else job.kind
        name = f"{harmless(words, 70)} · {job.state}"
        if typed.casefold().strip() in name.casefold():
            rows.append((name, job.id))
    return choices(rows)
