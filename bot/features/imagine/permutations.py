r"""Prompts with choices in braces, `{red, blue} {cat, dog}`, as all prompts that they stand for. Pure.

Choices may have choices in them. `\{`, `\}` and `\,` are a brace or a comma that stands for itself.
"""

import itertools
import math
from dataclasses import dataclass

from bot.shared.errors import BadParameter

DEPTH_MAX = 8  # of braces in braces
LONELY = r"Your `prompt` has a `{}` without its `{}`. Write `\{}` for one that stands for itself."


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands between two braces: sequences of which one is taken."""

    sequences: tuple["Sequence", ...]


Sequence = tuple["str | Choice", ...]  # texts and choices, one after the other


def expand(text: str, most: int) -> list[str]:
    """Return every prompt that a text stands for, the last choice changing first; one without braces is itself.

    Raises:
        BadParameter: there would be more than `most`, or the braces do not match.
    """
    if "{" not in text and "}" not in text:
        return [text]
    sequence, _ = _read(text, 0, 0)
    if (number := _count(sequence)) > most:
        shown = f"{number:,}" if number < 10**6 else "millions of"
        raise BadParameter(f"Your `prompt` stands for {shown} prompts, and the limit is {most}. Please choose fewer.")
    return _texts(sequence)


def escaped(text: str) -> str:
    """Return a text whose braces stand for themselves."""
    return text.replace("{", r"\{").replace("}", r"\}")


def _read(text: str, at: int, depth: int) -> tuple[Sequence, int]:
    """Read a sequence up to the end of its choice, or of the text; return it, and where it ends."""
    parts: list[str | Choice] = [""]
    while at < len(text):
        character, two = text[at], text[at : at + 2]
        if two in (r"\{", r"\}", r"\,"):
            character, at = two[1], at + 1
        elif character == "{":
            choice, at = _read_choice(text, at + 1, depth + 1)
            parts += [choice, ""]
            continue
        elif depth and character in ",}":
            return tuple(parts), at
        elif character == "}":
            raise BadParameter(LONELY.format("}", "{", "}"))
        parts[-1] = f"{parts[-1]}{character}"
        at += 1
    if depth:
        raise BadParameter(LONELY.format("{", "}", "{"))
    return tuple(parts), at


def _read_choice(text: str, at: int, depth: int) -> tuple[Choice, int]:
    """Read a choice from behind its brace; return it, and where the text goes on."""
    if depth > DEPTH_MAX:
        raise BadParameter(f"Braces in your `prompt` can be {DEPTH_MAX} deep. Please use fewer in each other.")
    sequences = []
    while True:
        sequence, at = _read(text, at, depth)
        sequences.append(sequence)
        at += 1
        if text[at - 1] == "}":
            return Choice(tuple(sequences)), at


def _count(sequence: Sequence) -> int:
    choices = (part for part in sequence if isinstance(part, Choice))
    return math.prod(sum(map(_count, choice.sequences)) for choice in choices)


def _texts(sequence: Sequence) -> list[str]:
    """Return all texts of a sequence."""
    parts = [[part] if isinstance(part, str) else _texts_of(part) for part in sequence]
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def _texts_of(choice: Choice) -> list[str]:
    return [text.strip() for sequence in choice.sequences for text in _texts(sequence)]
