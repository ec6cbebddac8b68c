"""For all tests: one thread for numerics, and no deadline for hypothesis.

Tiny models gain nothing from more threads, and waiting ones spin. A test says what is computed, never how fast.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is first imported, here and in children

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("atelier", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("atelier")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="of the random walk (tests/acceptance/test_random_walk.py)")
