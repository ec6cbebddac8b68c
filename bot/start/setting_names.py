"""Names that were meant to be settings and are none: misspelt ones, mostly, which would be ignored without a word.

The `.env` file is ours, so every unknown name in it is told. The environment is everybody's: only names that are as
good as one of ours are, for a shell has hundreds of others.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.settings import ENV_FILE, Settings
from common.near import nearest

SETTINGS = frozenset(name.upper() for name in Settings.model_fields)
OF_OTHERS = frozenset({"POSTGRES_PASSWORD"})  # deploy/compose.yaml reads it from the same file
PREFIX = "ATELIER_"  # of what an operator's own engines read; whoever puts it before a setting means the setting
ALIKE = 0.75  # in our own file; HF_TOKEN is like DESK_TOKEN to 0.67
AS_GOOD_AS = 0.85  # in the environment; LINES, which shells set, is like LANES to 0.8


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that is set somewhere, and which setting it may be meant for."""

    place: str
    name: str  # empty: a line that says nothing
    meant: str | None = None

    def __str__(self) -> str:
        if not self.name:
            return f"In {self.place}: this line is not read. Write NAME=value; quotes come in pairs."
        if self.meant:
            return f"In {self.place}: {self.name} is no setting. Did you mean {self.meant}?"
        return (
            f"In {self.place}: {self.name} is no setting. "
            "Nothing else reads this file, so set in the environment what is for another program."
        )


def unknown_names(environment: Mapping[str, str] = os.environ, file: Path | None = None) -> list[UnknownName]:
    """Return the unknown names of the environment and of the file (None: `.env`)."""
    return [*_in_file(file or Path(ENV_FILE)), *_in_environment(environment)]


def _in_environment(environment: Mapping[str, str]) -> Iterator[UnknownName]:
    for name in sorted(environment):
        if name.upper() not in SETTINGS and (meant := _meant(name, AS_GOOD_AS)):
            yield UnknownName("the environment", name, meant)


def _in_file(file: Path) -> Iterator[UnknownName]:
    try:
        with file.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError):
        return  # there is none; or it cannot be read, which reading the settings says
    for binding in bindings:
        place = f"{file}, line {_line(binding)}"
        if binding.error or (binding.key and binding.value is None):
            yield UnknownName(place, "")
        elif binding.key and binding.key.upper() not in SETTINGS | OF_OTHERS:
            yield UnknownName(place, binding.key, _meant(binding.key, ALIKE))


def _meant(name: str, alike: float) -> str | None:
    return nearest(name.upper().removeprefix(PREFIX), SETTINGS, alike=alike)


def _line(binding: Binding) -> int:
    """Return the number of a statement's line; the parser counts the empty ones before it as its own."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
