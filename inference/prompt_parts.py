r"""Prompts of several parts as Midjourney writes them: `hot:: dog`, `cake::2 fire::1`, `flowers:: red::-.5`. Pure.

What stands before `::` is a part, and a number right behind it is its weight, 1 without. Parts are read each by itself,
and their weighted average is what pictures are drawn from. `\::` stands for itself.
"""

import re
from dataclasses import dataclass

from inference.catalogue import ImageModel
from inference.errors import BadRequest
from inference.families import FAMILIES
from inference.prompt_weights import weighted_texts, without_weights
from inference.requests import ImageRequest

PARTS_MAX = 8
LEAN_MAX = 10.0  # what all weights may be without their signs, for each 1 of their sum: how far parts are outweighed
TOO_MANY = f"Your `prompt` has {{}} parts with `::` between them, and the limit is {PARTS_MAX}. Please use fewer."
NOTHING_LEFT = (
    "The weights behind `::` in your `prompt` must add up to well over 0, as in `flowers:: red::-.5`. "
    "Write `\\::` for colons that stand for themselves."
)

_SEPARATOR = re.compile(r"(?<!\\)::([+-]?(?:\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})(?=[\s,]|\Z))?")


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A part of a prompt, and how much it counts beside the others."""

    text: str
    weight: float = 1.0


def prompt_parts(prompt: str) -> tuple[PromptPart, ...]:
    """Return the parts of a prompt; one without `::` is one part, letter by letter.

    Raises:
        BadRequest: there are too many, or their weights do not add up to something.
    """
    parts = _split(prompt)
    if len(parts) > PARTS_MAX:
        raise BadRequest(TOO_MANY.format(len(parts)))
    total = sum(part.weight for part in parts)
    if total <= 0 or sum(abs(part.weight) for part in parts) > LEAN_MAX * total:
        raise BadRequest(NOTHING_LEFT)
    return parts


def as_sentence(prompt: str) -> str:
    """Return a prompt for models that read neither parts nor weights: without what is to be kept away from."""
    parts = _split(prompt)
    kept = [part.text for part in parts if part.weight > 0] or [part.text for part in parts]
    return without_weights(", ".join(kept))


def check_prompts(request: ImageRequest, model: ImageModel) -> None:
    """Check the parts and weights of a request's prompts, if its model reads any.

    Raises:
        BadRequest: they cannot be read.
    """
    if FAMILIES[model.family].reads_weights:
        for prompt in (request.prompt, request.negative):
            for part in prompt_parts(prompt):
                weighted_texts(part.text)


def _split(prompt: str) -> tuple[PromptPart, ...]:
    found = list(_SEPARATOR.finditer(prompt))
    if not found:
        return (PromptPart(prompt.replace(r"\::", "::")),)
    starts = [0, *(separator.end() for separator in found)]
    ends = [*(separator.start() for separator in found), len(prompt)]
    weights = [*(float(separator[1] or 1) for separator in found), 1.0]
    texts = [prompt[start:end].strip(" ,").replace(r"\::", "::") for start, end in zip(starts, ends, strict=True)]
    parts = [PromptPart(text, weight) for text, weight in zip(texts, weights, strict=True) if text]
    return tuple(parts) or (PromptPart(""),)
