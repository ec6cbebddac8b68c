"""A decoding process for the photos of a module."""

from collections.abc import Iterator

import pytest

from bot.shared.files.photos import PhotoDecoder


@pytest.fixture(scope="module")
def decoder() -> Iterator[PhotoDecoder]:
    """Return a decoder whose process starts with the first photo."""
    decoder = PhotoDecoder()
    yield decoder
    decoder.close()
