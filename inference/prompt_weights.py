r"""Weights in prompts as AUTOMATIC1111 and ComfyUI write them: `(word:1.2)`, `(word)`, `[word]`. Pure.

`(word)` counts for 1.1, `[word]` for 1 / 1.1, and brackets in brackets are multiplied. `\(`, `\)`, `\[`, `\]` and `\\`
stand for themselves, and so does a bracket that is not closed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from inference.errors import BadRequest

ROUND = 1.1  # of `(word)`
SQUARE = 1 / 1.1  # of `[word]`
WEIGHT_MAX = 4.0
OUT_OF_RANGE = (
    f"A weight in your `prompt`, such as `(word:1.2)`, must be from 0 to {WEIGHT_MAX:g}, also where parentheses are in "
    "each other. Write `\\(` for a parenthesis that stands for itself."
)

_MARK = re.compile(r"\\[()\[\]\\]|[()\[\]]")
_ESCAPED = re.compile(r"\\([()\[\]\\])")
_NUMBER = re.compile(r":\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*\Z")
_OPENED_BY = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class WeightedText:
    """A piece of a prompt, and how much it counts: 1 is as much as it does by itself."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class _Brackets:
    """Two that belong together."""

    opened: int  # where the first stands
    ended: int  # where the text between them ends: a number may follow
    closed: int  # where the second stands
    weight: float
    stated: bool  # whether by a number


def weighted_texts(prompt: str) -> tuple[WeightedText, ...]:
    """Return a prompt as pieces with weights; one without any is one piece, letter by letter.

    Raises:
        BadRequest: a weight is out of range.
    """
    pieces: list[WeightedText] = []
    for text, weight in _pieces(prompt, _brackets(prompt)):
        if text and not 0 <= weight <= WEIGHT_MAX:
            raise BadRequest(OUT_OF_RANGE)
        if pieces and pieces[-1].weight == weight:
            pieces[-1] = WeightedText(pieces[-1].text + text, weight)
        elif text:
            pieces.append(WeightedText(text, weight))
    return tuple(pieces) or (WeightedText(""),)


def without_weights(prompt: str) -> str:
    """Return a prompt without its numbers and their parentheses, for models that read no weights.

    Brackets without a number stay: they are punctuation to models that read sentences.
    """
    return "".join(text for text, _ in _pieces(prompt, [one for one in _brackets(prompt) if one.stated]))


def plain_text(prompt: str) -> str:
    """Return the words of a prompt alone, as a model that reads weights reads them."""
    return "".join(text for text, _ in _pieces(prompt, _brackets(prompt)))


def _brackets(prompt: str) -> list[_Brackets]:
    """Return the brackets that belong together."""
    brackets: list[_Brackets] = []
    opened: list[int] = []
    counts = {"(": 0, "[": 0}  # of those in `opened`
    behind = 0  # the last mark
    for found in _MARK.finditer(prompt):
        mark, at = found[0], found.start()
        if mark in counts:
            opened.append(at)
            counts[mark] += 1
        elif mark in _OPENED_BY and counts[_OPENED_BY[mark]]:
            while True:  # those that are still open in between stand for themselves
                first = opened.pop()
                counts[prompt[first]] -= 1
                if prompt[first] == _OPENED_BY[mark]:
                    break
            brackets.append(_between(prompt, first, at, behind))
        behind = found.end()
    return brackets


def _between(prompt: str, opened: int, closed: int, behind: int) -> _Brackets:
    if prompt[opened] == "[":
        return _Brackets(opened, closed, closed, SQUARE, stated=False)
    number = _NUMBER.search(prompt, behind, closed)
    if number is None:
        return _Brackets(opened, closed, closed, ROUND, stated=False)
    return _Brackets(opened, number.start(), closed, float(number[1]), stated=True)


def _pieces(prompt: str, brackets: list[_Brackets]) -> Iterator[tuple[str, float]]:
    """Return what is between brackets, and behind backslashes, each piece with its weight."""
    openings = ((one.opened, one.opened + 1, one.weight) for one in brackets)
    closings = ((one.ended, one.closed + 1, None) for one in brackets)
    weights, at = [1.0], 0
    for start, end, weight in sorted([*openings, *closings], key=lambda cut: cut[0]):
        yield _ESCAPED.sub(r"\1", prompt[at:start]), weights[-1]
        if weight is None:
            weights.pop()
        else:
            weights.append(weights[-1] * weight)
        at = end
    yield _ESCAPED.sub(r"\1", prompt[at:]), weights[-1]
