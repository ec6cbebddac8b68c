"""Styles' example pictures, read from the operator's files: small ones that `atelier loras add` made."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from bot.shared.files.pictures import Picture
from inference.loras import LoraModel

log = logging.getLogger(__name__)

EXAMPLE_MAX_BYTES = 1 << 20
FORMATS = (".webp", ".png", ".jpg", ".jpeg")


async def read_examples(loras: Sequence[LoraModel]) -> dict[str, Picture]:
    """Return the pictures of those styles that have one, by the styles' names."""
    read = await asyncio.to_thread(lambda: [_read(lora) for lora in loras])
    return {lora.name: picture for lora, picture in zip(loras, read, strict=True) if picture is not None}


def _read(lora: LoraModel) -> Picture | None:
    if not lora.picture:
        return None
    file = Path(lora.picture).expanduser()
    try:
        if file.suffix.lower() not in FORMATS or file.stat().st_size > EXAMPLE_MAX_BYTES:
            log.warning("the example of the style %s is no picture of at most 1 MB: %s", lora.name, file)
            return None
        return Picture(f"style-{lora.name}{file.suffix.lower()}", file.read_bytes(), f"An example of {lora.title}")
    except OSError as error:
        log.warning("the example of the style %s can't be read: %s", lora.name, error)
        return None
