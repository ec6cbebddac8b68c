"""TOML files that operators write: read, and their mistakes said one by one, each with its line."""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from common.near import did_you_mean

_TABLE = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]")
Place = tuple[str | int, ...]  # ('tier', 1, 'daily_credits'), ('timezone',), or () for the file itself


def read_toml(file: Path) -> tuple[str, dict[str, Any]]:
    """Return a file's text and what it says.

    Raises:
        ValueError: it cannot be read; the text says why, and where.
    """
    try:
        text = file.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        raise ValueError(f"{(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise ValueError("it is not a text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is not TOML: {error}") from error


def mistakes(
    text: str,
    errors: Iterable[Mapping[str, Any]],
    keys: Mapping[str, Collection[str]],
    *,
    at: Place = (),
) -> list[str]:
    """Say each of pydantic's errors with its line.

    Args:
        text: the file's.
        errors: pydantic's (`ValidationError.errors()`).
        keys: the keys there are, by table; '' stands for the file's own.
        at: the place in the file of what was validated.
    """
    return [_mistake(text, (*at, *error["loc"]), error, keys) for error in errors]


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """Return the number of the line of a key, of the table that lacks it, or None where neither is found."""
    in_table = len(place) > 1 and isinstance(place[1], int)
    key = next((str(part) for part in place[2 if in_table else 0 :]), None)
    here, tables, found = not in_table, -1, None
    for number, line in enumerate(text.splitlines(), start=1):
        if table := _TABLE.match(line):
            tables += in_table and table[1] == place[0]
            here = in_table and (table[1], tables) == (place[0], place[1])
            found = number if here else found
        elif here and key is not None and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return found


def _mistake(text: str, place: Place, error: Mapping[str, Any], keys: Mapping[str, Collection[str]]) -> str:
    table = str(place[0]) if len(place) > 1 and isinstance(place[1], int) else ""
    names = [str(part) for part in place[2 if table else 0 :]]
    of = f"a [[{table}]]" if table else "the file"
    if error["type"] == "extra_forbidden":
        said = f"{names[-1]} is no key of {of}.{did_you_mean(names[-1], keys.get(table, ()))}"
    elif error["type"] == "missing":
        said = f"{of} has no {names[-1]}, and needs one" if names else str(error["msg"])
    else:
        said = str(error["msg"]).removeprefix("Value error, ")
        if names:
            said = f"{names[0]} is {error['input']!r}: {said[:1].lower()}{said[1:]}"
    line = line_of(text, place) if place else None
    return f"line {line}: {said}" if line else said
