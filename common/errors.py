"""Errors that say in a sentence, for people, what happened and what to do."""

from typing import ClassVar


class AtelierError(Exception):
    """An error whose class has a sentence for people.

    The sentence is an attribute and no docstring, because `python -OO` drops those.

    Args:
        message: what to say instead, where more is known; None: the sentence of the class.
    """

    message: ClassVar[str]

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)
