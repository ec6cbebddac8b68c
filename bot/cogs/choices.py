"""What is offered while an option is being typed. Pure."""

from collections.abc import Sequence

from discord.app_commands import Choice

from bot.cards.text import harmless
from bot.services.sizes import ASPECTS, parse_size
from db.jobs import Job
from inference.catalogue import Catalogue
from inference.errors import UnknownModel
from inference.requests import ImageRequest, from_json

ROWS_MAX = 25  # of the platform
NAME_MAX = 100


def model_choices(catalogue: Catalogue, typed: str) -> list[Choice[str]]:
    """Offer the models whose name or title has what was typed in it."""
    typed = typed.casefold().strip()
    found = [model for model in catalogue.images if typed in f"{model.name} {model.title}".casefold()]
    return [Choice(name=f"{model.title} ({model.name})"[:NAME_MAX], value=model.name) for model in found[:ROWS_MAX]]


def aspect_choices(catalogue: Catalogue, model_name: str | None, typed: str) -> list[Choice[str]]:
    """Offer the usual ratios, with the size that the chosen model draws them in."""
    try:
        model = catalogue.image(model_name or catalogue.images[0].name)
    except UnknownModel:
        model = catalogue.images[0]
    choices = []
    for aspect in ASPECTS:
        if aspect.startswith(typed.strip()):
            width, height = (side * model.upscale for side in parse_size(aspect, model))
            choices.append(Choice(name=f"{aspect} · {width}×{height} px", value=aspect))
    return choices


def job_choices(jobs: Sequence[Job], typed: str) -> list[Choice[str]]:
    """Offer somebody's own jobs by their words."""
    choices = []
    for job in jobs:
        request = from_json(job.request)
        words = request.prompt if isinstance(request, ImageRequest) else job.kind
        name = f"{harmless(words, 70)} · {job.state}"
        if typed.casefold().strip() in name.casefold():
            choices.append(Choice(name=name[:NAME_MAX], value=job.id))
    return choices[:ROWS_MAX]
