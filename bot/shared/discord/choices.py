"""What is offered while an option is being typed. Pure."""

from collections.abc import Iterable, Sequence
from itertools import islice

from discord.app_commands import Choice

from db.people.subjects import Subject
from inference.catalogue import Catalogue
from inference.vocabulary import Vocabulary

ROWS_MAX = 25  # of the platform
NAME_MAX = 100


def choices(rows: Iterable[tuple[str, str]]) -> list[Choice[str]]:
    """Return names and values as Discord takes them: as many as it shows, no name longer than it allows."""
    return [Choice(name=name[:NAME_MAX], value=value) for name, value in islice(rows, ROWS_MAX)]


def offered(names: Iterable[str], typed: str) -> list[Choice[str]]:
    """Offer the names that have what was typed in them."""
    wanted = typed.casefold().strip()
    return choices((name, name) for name in names if wanted in name.casefold())


def prompt_choices(vocabulary: Vocabulary | None, typed: str) -> list[Choice[str]]:
    """Offer what a small model knows for the last word; what was typed comes first, for Enter may take the first."""
    begun = len(typed) <= NAME_MAX and "--" not in typed and not typed.endswith(" ")
    found = vocabulary.complete(typed) if vocabulary and begun else []
    found = [one for one in found if one != typed.strip() and len(one) <= NAME_MAX]
    return choices((one, one) for one in (typed.strip(), *found)) if found else []


def model_choices(catalogue: Catalogue, typed: str) -> list[Choice[str]]:
    """Offer the models whose name or title has what was typed in it."""
    typed = typed.casefold().strip()
    found = [model for model in catalogue.images if typed in f"{model.name} {model.title}".casefold()]
    return choices((f"{model.title} ({model.name})", model.name) for model in found)


def trainable_choices(catalogue: Catalogue, typed: str) -> list[Choice[str]]:
    """Offer the models that can be trained."""
    trainable = {model.name for model in catalogue.images if model.trainable}
    return [choice for choice in model_choices(catalogue, typed) if choice.value in trainable]


def style_choices(catalogue: Catalogue, model_name: str | None, typed: str) -> list[Choice[str]]:
    """Offer styles by name or title, those for the chosen model; several stand with commas between."""
    model = next((one for one in catalogue.images if one.name == model_name), None)
    usable = [lora for lora in catalogue.loras if model is None or lora.fits(model)]
    before, _, last = typed.rpartition(",")
    before = f"{before.strip()}, " if before.strip() else ""
    wanted = last.strip().casefold()
    found = [lora for lora in usable if wanted in f"{lora.name} {lora.title}".casefold()]
    rows = ((f"{before}{lora.name}", f"{before}{lora.title} ({lora.name})") for lora in found)
    return choices((shown, value) for value, shown in rows if len(value) <= NAME_MAX)


def subject_choices(usable: Sequence[Subject], typed: str) -> list[Choice[str]]:
    """Offer subjects by name; several stand with commas between, so only the last piece is completed."""
    before, _, last = typed.rpartition(",")
    before = f"{before.strip()}, " if before.strip() else ""
    wanted = last.strip().casefold()
    names = [subject.name for subject in usable if wanted in subject.name.casefold()]
    rows = [f"{before}{name}" for name in dict.fromkeys(names)]
    return choices((row, row) for row in rows if len(row) <= NAME_MAX)
