"""Real Whisper weights for tests and benches, fetched once into the checkout's cache."""

import os
from pathlib import Path

import pytest

from inference.engines.speech.fetch import DEFAULT_HOME, WeightsUnavailable, fetch

_CHECKOUT = Path(__file__).parents[2]


def weights(name: str) -> Path:
    """Return the folder of a model, fetching it the first time; on a machine without a registry the test is skipped."""
    try:
        return fetch(name, _CHECKOUT / DEFAULT_HOME / name)
    except WeightsUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no speech weights: {error}")
