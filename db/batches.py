"""Long lists of values, cut for statements: PostgreSQL takes 65,535 in one, SQLite 32,766."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

VALUES_MAX = 1000
T = TypeVar("T")


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the values in lists that fit into one statement."""
    rest = iter(values)
    while batch := list(islice(rest, VALUES_MAX)):
        yield batch
