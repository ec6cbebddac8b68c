"""What is wrong with the fields of a request, collected into Discord's error tree.

https://discord.com/developers/docs/reference#error-messages
"""

from collections.abc import Collection, Sized
from typing import Any

from bot.sandbox.errors import ApiError

Path = tuple[str | int, ...]  # of a field, such as ("embeds", 0, "title")


class BodyErrors:
    """Checks the fields of one request and remembers each error."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def add(self, path: Path, code: str, message: str) -> None:
        """Note that the field at `path` is wrong."""
        node = self._tree
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def check_length(self, path: Path, value: Any, shortest: int, longest: int) -> bool:
        """Check the length of a string; a missing one is wrong if it must have a character.

        Args:
            path: the field.
            value: what it holds.
            shortest: the least number of characters.
            longest: the greatest number of characters.

        Returns:
            Whether it is right.
        """
        if value is None or value == "":
            if shortest > 0:
                self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
            return shortest <= 0
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", f"Could not interpret {value!r} as string.")
            return False
        if shortest <= len(value) <= longest:
            return True
        if shortest:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {shortest} and {longest} in length.")
        else:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {longest} or fewer in length.")
        return False

    def check_count(self, path: Path, value: Sized, fewest: int, most: int) -> bool:
        """Check how many items a list holds.

        Args:
            path: the field.
            value: the list.
            fewest: the least number of items.
            most: the greatest number of items.

        Returns:
            Whether it is right.
        """
        if fewest <= len(value) <= most:
            return True
        self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {fewest} and {most} in length.")
        return False

    def check_number(self, path: Path, value: Any, least: float, most: float) -> None:
        """Check the size of a whole number.

        Args:
            path: the field.
            value: what it holds.
            least: the smallest number.
            most: the largest number.
        """
        if not isinstance(value, int) or isinstance(value, bool):
            self.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif not least <= value <= most:
            self.add(path, "NUMBER_TYPE_MAX", f"int value should be between {least} and {most}.")

    def check_choice(self, path: Path, value: Any, choices: Collection[int]) -> bool:
        """Check that a value is one of several numbers; return whether it is."""
        if value in choices:
            return True
        listed = ", ".join(str(int(choice)) for choice in choices)
        self.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")
        return False

    def raise_if_any(self) -> None:
        """Raise the errors, if there are any.

        Raises:
            ApiError: Invalid Form Body (50035), with the error tree.
        """
        if self._tree:
            raise ApiError("invalid_form", self._tree)
