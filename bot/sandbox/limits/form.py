"""A form under examination: collects what is wrong with each field into Discord's error tree."""

from collections.abc import Sized
from typing import Any

from bot.sandbox.errors import ApiError

Path = tuple[str | int, ...]


class Form:
    """Examines the fields of one request."""

    def __init__(self) -> None:
        self._errors: dict[str, Any] = {}

    def fail(self, path: Path, code: str, message: str) -> None:
        """Note that the field at `path` is wrong."""
        node = self._errors
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: Path, value: Any, shortest: int, longest: int) -> bool:
        """Examine a string's length; a missing one is wrong if it must have a character."""
        if value is None or value == "":
            if shortest > 0:
                self.fail(path, "BASE_TYPE_REQUIRED", "This field is required")
            return shortest <= 0
        if not isinstance(value, str):
            self.fail(path, "STRING_TYPE_CONVERT", f"Could not interpret {value!r} as string.")
        elif len(value) > longest or len(value) < shortest:
            wide = f"Must be between {shortest} and {longest} in length."
            code, text = (
                ("BASE_TYPE_BAD_LENGTH", wide)
                if shortest
                else ("BASE_TYPE_MAX_LENGTH", f"Must be {longest} or fewer in length.")
            )
            self.fail(path, code, text)
        else:
            return True
        return False

    def count(self, path: Path, value: Sized, fewest: int, most: int) -> bool:
        """Examine how many things a list holds."""
        if fewest <= len(value) <= most:
            return True
        self.fail(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {fewest} and {most} in length.")
        return False

    def number(self, path: Path, value: Any, least: float, most: float) -> None:
        """Examine a whole number's size."""
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif not least <= value <= most:
            self.fail(path, "NUMBER_TYPE_MAX", f"int value should be between {least} and {most}.")

    def one_of(self, path: Path, value: Any, choices: Sized) -> bool:
        """Examine whether a value is one of several."""
        if value in choices:  # type: ignore[operator]
            return True
        self.fail(path, "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")
        return False

    def check(self) -> None:
        """Raise ApiError (50035, Invalid Form Body) if anything was wrong."""
        if self._errors:
            raise ApiError("invalid_form", self._errors)
