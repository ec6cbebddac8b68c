"""What a job costs in the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.pricing import owed
from inference.requests import Kind


@pytest.mark.parametrize(
    ("kind", "done", "expected"),
    [
        (Kind.IMAGE, 80, 8),
        (Kind.TRANSCRIBE, 80, 8),
        (Kind.TRAIN, 80, 8),
        (Kind.TRAIN, 45, 5),  # the fifth credit has begun
        (Kind.TRAIN, 40, 4),
        (Kind.TRAIN, 1, 1),
    ],
)
def test_owed(kind: Kind, done: int, expected: int) -> None:
    assert owed(kind, 8, done=done, total=80) == expected


@given(price=st.integers(0, 10_000), total=st.integers(1, 100_000), data=st.data())
def test_training_that_keeps_something_costs_something_and_never_more_than_its_price(
    price: int, total: int, data: st.DataObject
) -> None:
    done = data.draw(st.integers(1, total))
    assert min(1, price) <= owed(Kind.TRAIN, price, done=done, total=total) <= price
