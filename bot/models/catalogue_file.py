"""The catalogue's file, changed by programs: one change at a time, and what an operator wrote there stays as it is."""

import contextlib
import fcntl
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from inference.catalogue import DEFAULT_FILE, Catalogue, read_catalogue
from inference.errors import ModelUnusable

BEGINNING = "# The models that members can choose; docs/models.md says what can be written here.\n"
_HEAD = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]")


def add_entry(file: Path, table: str, fields: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    """Append an entry to a catalogue, and return its lines.

    Args:
        file: the catalogue's; where it is not there yet, it begins as a copy of the one that is shipped.
        table: 'image', 'speech', 'upscaler', 'checker' or 'lora'.
        fields: of the entry, in their order.
        comments: behind fields, by their names; '' stands for the entry's head.

    Raises:
        ModelUnusable: the catalogue cannot be used as it is, or not with this entry; nothing is changed then.
    """
    lines = _lines(table, fields, comments)
    change_catalogue(file, lambda text: f"{text.rstrip()}\n\n{lines}" if text.strip() else lines)
    return lines


def remove_entry(file: Path, name: str) -> str:
    """Remove an entry of a catalogue, with the comments in it, and return its lines.

    Raises:
        ModelUnusable: there is none of that name, or the rest cannot be used.
    """
    removed: list[str] = []

    def change(text: str) -> str:
        first, end = _lines_of_entry(text, name, file)
        lines = text.splitlines(keepends=True)
        removed.extend(lines[first:end])
        rest = "".join([*lines[:first], *lines[end:]])
        if _entries(rest) != _entries(text, without=name):
            raise ModelUnusable(
                f"{file} is written in a way that makes '{name}' hard to find: remove its lines by hand."
            )
        return rest

    change_catalogue(file, change)
    return "".join(removed).strip()


def change_catalogue(file: Path, change: Callable[[str], str]) -> Catalogue:
    """Change a catalogue's text, if what comes of it can be used.

    Others who change it so wait for each other; what an editor saves meanwhile is not written over.

    Raises:
        ModelUnusable: it cannot be used before or after, or somebody else is changing it; it stays as it was.
    """
    file = file.resolve()  # a link stays one
    file.parent.mkdir(parents=True, exist_ok=True)
    with _alone(file):
        before = _text(file)
        if before is not None:
            read_catalogue(file)  # what is wrong already is told with its own line
        new = file.with_name(f".{file.name}.new")
        try:
            new.write_text(change(before if before is not None else beginning()), encoding="utf-8")
            catalogue = _read_as(file, new)
            if _text(file) != before:
                raise ModelUnusable(f"{file} was changed by another program just now. Try again.")
            if before is not None:
                new.chmod(file.stat().st_mode)
            os.replace(new, file)
        finally:
            new.unlink(missing_ok=True)
    return catalogue


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelUnusable(f"The catalogue {file} cannot be read: {error}.") from error


def _read_as(file: Path, new: Path) -> Catalogue:
    try:
        return read_catalogue(new)
    except ModelUnusable as error:
        raise ModelUnusable(str(error).replace(str(new), str(file)).replace(new.name, file.name)) from error


def beginning() -> str:
    """Return what a catalogue of an operator's own begins with: what is shipped."""
    return BEGINNING + DEFAULT_FILE.read_text(encoding="utf-8").partition("\n")[2]


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Wait for others that change the same catalogue."""
    with (file.parent / f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lines(table: str, fields: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    entry = tomlkit.table()
    for name, value in fields.items():
        entry.add(name, value)
        if comment := comments.get(name):
            entry[name].comment(comment)
    if comment := comments.get(""):
        entry.comment(comment)
    document = tomlkit.document()
    document.add(table, tomlkit.aot())
    document[table].append(entry)
    return tomlkit.dumps(document)


def _entries(text: str, without: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return all entries with their tables' names, table by table; but the one of a name."""
    tables = sorted((table, found) for table, found in tomllib.loads(text).items() if isinstance(found, list))
    return [(table, entry) for table, found in tables for entry in found if entry.get("name") != (without or None)]


def _lines_of_entry(text: str, name: str, file: Path) -> tuple[int, int]:
    """Return the first line of an entry, and the line behind its last; comments before the next one belong to that."""
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if _HEAD.match(line)]
    for first, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        block = "\n".join(lines[first:end])
        if re.search(rf"^\s*name\s*=\s*[\"']{re.escape(name)}[\"']", block, re.MULTILINE):
            if end < len(lines):
                while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
                    end -= 1
                while end < len(lines) and not lines[end].strip():  # the empty lines between go with it
                    end += 1
            return first, end
    raise ModelUnusable(f"{file} has no model '{name}'.")
