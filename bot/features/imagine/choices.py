"""What is offered while a size is being typed. Pure."""

from discord.app_commands import Choice

from bot.features.imagine.sizes import ASPECTS, parse_size
from inference.catalogue import Catalogue
from inference.errors import UnknownModel


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
