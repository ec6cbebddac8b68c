"""From what a member typed to steps, guidance and strength: as numbers, or as Midjourney's parameters count. Pure.

`--chaos` and `--stylize` are said in guidance, which trades how alike pictures are, and how close to the prompt, for
variety (Ho and Salimans, Classifier-Free Diffusion Guidance, 2022); a model that needs none has neither.
"""

from bot.features.imagine.prompt import parse_guidance, parse_number, parse_whole
from bot.shared.errors import BadParameter
from inference.catalogue import Catalogue, ImageModel
from inference.families import FAMILIES

DRAFT_QUALITY = 0.5  # of the model's steps
QUALITY_MIN, QUALITY_MAX = 0.25, 4.0
STYLIZE_MAX, STYLIZE_DEFAULT = 1000, 100
STYLIZE_SHARE = 0.6  # of a model's guidance that the most takes away, above where it would have none
LITERAL_SHARE = 0.5  # that the least adds
CHAOS_MAX = 100
CHAOS_SHARE = 0.8  # that the most takes away
STRENGTH_DEFAULT = 60  # percent
BLEND_STRENGTH = 70  # of an average of pictures, which shows all of them through each other
LAYOUT_STRENGTH = 50  # of words about a picture: where things are in it stays
WEIGHT_MAX = 3.0
WEIGHTED = 40, 25  # percent of strength that a picture's weight takes away: up to 1, and for each beyond


def chosen_steps(
    model: ImageModel, *, steps: int | str | None = None, quality: str | None = None, draft: str | None = None
) -> int:
    """Return the steps of a picture: as said, or a share of the model's own.

    Raises:
        BadParameter: out of bounds, or said twice.
    """
    given = [
        name for name, value in (("steps", steps), ("--quality", quality), ("--draft", draft)) if value is not None
    ]
    if len(given) > 1:
        raise BadParameter(f"`{given[0]}` and `{given[1]}` both choose the steps. Please keep one.")
    if draft is not None:
        if model.steps == 1:
            raise BadParameter(f"{model.title} takes one step already. Please leave `--draft` out.")
        return round(model.steps * DRAFT_QUALITY)
    if quality is not None:
        most = min(QUALITY_MAX, 100 * model.steps_max // model.steps / 100)
        return max(1, round(model.steps * parse_number("quality", quality, QUALITY_MIN, most, 1)))
    return parse_whole("steps", steps, 1, model.steps_max, model.steps)


def chosen_guidance(
    model: ImageModel,
    *,
    guidance: float | str | None = None,
    stylize: str | None = None,
    chaos: str | None = None,
) -> float:
    """Return how closely a picture follows its prompt: as said, or the model's own, changed by stylize and chaos.

    Args:
        model: which draws it.
        guidance: as it was typed.
        stylize: 0 to 1000: less of it is nearer to the prompt, more of it freer; 100 changes nothing.
        chaos: 0 to 100: how much freer, so that the pictures differ more.

    Raises:
        BadParameter: out of bounds, said twice, or the model has no guidance.
    """
    styled = parse_whole("stylize", stylize, 0, STYLIZE_MAX, STYLIZE_DEFAULT)
    varied = parse_whole("chaos", chaos, 0, CHAOS_MAX, 0)
    name = next((name for name, value in {"stylize": stylize, "chaos": chaos}.items() if value is not None), None)
    if name is None:
        return parse_guidance(guidance, model.guidance)
    if guidance is not None:
        raise BadParameter(f"`--{name}` and `guidance` both say how closely to follow the prompt. Please keep one.")
    least = FAMILIES[model.family].guided_above
    if model.guidance <= least:
        raise BadParameter(
            f"{model.title} works without guidance, so `--{name}` changes nothing there. Please leave it out."
        )
    room = model.guidance - least
    if styled > STYLIZE_DEFAULT:
        room *= 1 - STYLIZE_SHARE * (styled - STYLIZE_DEFAULT) / (STYLIZE_MAX - STYLIZE_DEFAULT)
    else:
        room *= 1 + LITERAL_SHARE * (STYLIZE_DEFAULT - styled) / STYLIZE_DEFAULT
    return round(least + room * (1 - CHAOS_SHARE * varied / CHAOS_MAX), 2)


def chosen_strength(
    *, strength: int | str | None = None, weight: str | None = None, default: int = STRENGTH_DEFAULT
) -> float:
    """Return how much of a picture changes, above 0 … 1: as said in percent, or by the weight of the picture.

    Raises:
        BadParameter: out of bounds, or said twice.
    """
    if weight is not None:
        if strength is not None:
            raise BadParameter("`strength` and `--iw` both say how much of your `image` stays. Please keep one.")
        heavy = parse_number("iw", weight, 0, WEIGHT_MAX, 1)
        return (100 - WEIGHTED[0] * min(heavy, 1) - WEIGHTED[1] * max(0, heavy - 1)) / 100
    typed = str(strength).strip().removesuffix("%").strip() if strength is not None else None
    if typed is not None and typed.strip("0") == "" and typed:
        raise BadParameter("With `strength` 0 your picture would come back unchanged. Choose from 1 to 100.")
    return parse_whole("strength", typed, 1, 100, default) / 100


def check_hd(hd: str | None, catalogue: Catalogue) -> None:
    """See that what is asked for in high resolution can be upscaled.

    Raises:
        BadParameter: there is no upscaler.
    """
    if hd is not None and not catalogue.upscalers:
        raise BadParameter("I have no upscaler here, so there is no `--hd`. Please leave it out.")
