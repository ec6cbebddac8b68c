"""The pictures of /help: drawn by the built-in model and shipped, one strip for each topic."""

import asyncio
from pathlib import Path

from bot.features.help.topics import HelpTopic
from bot.shared.files.pictures import Picture

FOLDER = Path(__file__).parent / "pictures_drawn"  # by `python -m tests.bench.help_pictures`
HEIGHT_PX = 200  # of a strip


def file_of(topic: HelpTopic) -> str:
    """Return the name of a topic's strip."""
    return f"{topic.key}.webp"


async def strip_of(topic: HelpTopic) -> Picture:
    """Read a topic's strip."""
    content = await asyncio.to_thread((FOLDER / file_of(topic)).read_bytes)
    return Picture(f"help-{file_of(topic)}", content, f"Drawn by my built-in model: {', '.join(topic.pictures)}")
