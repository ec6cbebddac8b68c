"""Styles in prompts: `ink, pixel-art:0.8` as a member typed it, each a LoRA of the catalogue. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.shared.errors import BadParameter
from bot.shared.text.formatting import inline
from common.near import nearest
from inference.catalogue import Catalogue, ImageModel
from inference.loras import LORA_WEIGHT_MAX, LORAS_MAX, LoraModel
from inference.requests import LoraUse

SEE_ALL = "`/styles` shows them all."
NONE_HERE = "There are no styles to choose from here yet. Describe it in your prompt, such as *watercolour*."
RAW = "`--style raw` is Midjourney's, and how I always draw: nothing is added to your prompt. Please leave it out."


@dataclass(frozen=True, slots=True)
class ChosenStyle:
    """A style with its weight."""

    lora: LoraModel
    weight: float

    @property
    def use(self) -> LoraUse:
        """It as a request has it."""
        return LoraUse(self.lora.name, self.weight)


def chosen_styles(typed: str | None, catalogue: Catalogue) -> tuple[ChosenStyle, ...]:
    """Read what a member typed, such as `ink, pixel-art:0.8`; a style without a weight has its own.

    Raises:
        BadParameter: there is none of that name, there are too many, or a weight is no number.
    """
    pieces = [piece.strip() for piece in (typed or "").split(",") if piece.strip()]
    if len(pieces) > LORAS_MAX:
        raise BadParameter(f"One picture can have at most {LORAS_MAX} styles. Please leave some out of `style`.")
    chosen = tuple(_parse(piece, catalogue) for piece in pieces)
    names = [style.lora.name for style in chosen]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadParameter(f"{inline(twice)} is in `style` twice. Please keep one.")
    return chosen


def model_of(styles: Sequence[ChosenStyle], catalogue: Catalogue) -> ImageModel:
    """Return the model for a member who chose none: the usual one, or one that the first style is for."""
    usual = catalogue.images[0]
    if not styles or styles[0].lora.fits(usual):
        return usual
    fitting = [model for model in catalogue.images if styles[0].lora.fits(model)]
    return next((model for model in fitting if model.name == styles[0].lora.base), fitting[0] if fitting else usual)


def check_styles(styles: Sequence[ChosenStyle], model: ImageModel, catalogue: Catalogue) -> None:
    """Check that all styles are for a model.

    Raises:
        BadParameter: one is for others; the message names them.
    """
    for style in styles:
        if not style.lora.fits(model):
            others = [f"`{one.name}`" for one in catalogue.images if style.lora.fits(one)]
            instead = f"It goes with `model` {' or '.join(others[:3])}." if others else "No model here can use it."
            raise BadParameter(f"The style {inline(style.lora.name)} is not for {model.title}. {instead}")


def say_styles(prompt: str, styles: Sequence[ChosenStyle]) -> str:
    """Put the words that call styles at the front of a prompt, unless they are there."""
    for style in reversed(styles):
        if style.lora.words and style.lora.words.casefold() not in prompt.casefold():
            prompt = f"{style.lora.words}, {prompt}"
    return prompt


def _parse(piece: str, catalogue: Catalogue) -> ChosenStyle:
    name, weight = piece, None
    if match := re.fullmatch(r"(.+?)\s*:\s*([-+]?[0-9.]+)", piece):
        name = match[1]
        try:
            weight = float(match[2])
        except ValueError as error:
            raise BadParameter(f"`{match[2]}` is not a weight for `style`. 1 is full strength, 0.5 is half.") from error
    lora = _named(name, catalogue)
    weight = lora.strength if weight is None else weight
    if not abs(weight) <= LORA_WEIGHT_MAX:
        raise BadParameter(f"A weight in `style` must be from {-LORA_WEIGHT_MAX:g} to {LORA_WEIGHT_MAX:g}.")
    return ChosenStyle(lora, weight)


def _named(name: str, catalogue: Catalogue) -> LoraModel:
    """Return the style that a name or a title names, in any case."""
    wanted = name.casefold()
    found = [lora for lora in catalogue.loras if wanted in (lora.name, lora.title.casefold())]
    found.sort(key=lambda lora: lora.name != wanted)
    if found and (len(found) == 1 or found[0].name == wanted):
        return found[0]
    if wanted == "raw":
        raise BadParameter(RAW)
    if not catalogue.loras:
        raise BadParameter(NONE_HERE)
    begun = found or [lora for lora in catalogue.loras if lora.name.startswith(wanted)]
    if len(begun) > 1:
        meant = " or ".join(f"`{lora.name}`" for lora in begun[:4])
        raise BadParameter(f"The style {inline(name[:40])} could mean {meant}. Please write it out.")
    near = begun[0].name if begun else nearest(name, [lora.name for lora in catalogue.loras])
    hint = f"Did you mean `{near}`?" if near else SEE_ALL
    raise BadParameter(f"There is no style {inline(name[:40])}. {hint}")
