"""What a job costs in the end."""

import pytest

from inference.pricing import owed
from inference.requests import Kind


@pytest.mark.parametrize(
    ("kind", "done", "cancelled", "expected"),
    [
        (Kind.IMAGE, 80, False, 8),
        (Kind.IMAGE, 79, True, 0),
        (Kind.TRANSCRIBE, 80, False, 8),
        (Kind.TRANSCRIBE, 40, True, 0),
        (Kind.TRAIN, 80, False, 8),
        (Kind.TRAIN, 45, False, 4),
        (Kind.TRAIN, 45, True, 4),
        (Kind.TRAIN, 0, True, 0),
    ],
)
def test_owed(kind: Kind, done: int, cancelled: bool, expected: int) -> None:
    assert owed(kind, 8, done=done, total=80, cancelled=cancelled) == expected


def test_owed_training_cancelled_before_its_first_step() -> None:
    assert owed(Kind.TRAIN, 8, done=0, total=0, cancelled=True) == 0
