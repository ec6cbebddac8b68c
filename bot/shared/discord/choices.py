"""What is offered while an option is being typed. Pure."""

from collections.abc import Sequence

from discord.app_commands import Choice

from bot.features.imagine.sizes import ASPECTS, parse_size
from bot.features.voice.languages import COMMON, LANGUAGES
from bot.shared.text.formatting import harmless
from db.jobs import Job
from db.subjects import Subject
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


def trainable_choices(catalogue: Catalogue, typed: str) -> list[Choice[str]]:
    """Offer the models that can be trained."""
    trainable = {model.name for model in catalogue.images if model.trainable}
    return [choice for choice in model_choices(catalogue, typed) if choice.value in trainable]


def subject_choices(usable: Sequence[Subject], typed: str) -> list[Choice[str]]:
    """Offer subjects by name; several stand with commas between, so only the last piece is completed."""
    before, _, last = typed.rpartition(",")
    before = f"{before.strip()}, " if before.strip() else ""
    wanted = last.strip().casefold()
    names = [subject.name for subject in usable if wanted in subject.name.casefold()]
    rows = [f"{before}{name}" for name in dict.fromkeys(names)]
    return [Choice(name=row, value=row) for row in rows if len(row) <= NAME_MAX][:ROWS_MAX]


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


def language_choices(typed: str) -> list[Choice[str]]:
    """Offer the languages whose name or code begins with what was typed, the most spoken ones first."""
    wanted = typed.casefold().strip()
    codes = [*COMMON, *(code for code in LANGUAGES if code not in COMMON)]
    found = [code for code in codes if LANGUAGES[code].casefold().startswith(wanted) or code == wanted]
    return [Choice(name=LANGUAGES[code], value=code) for code in found[:ROWS_MAX]]


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
