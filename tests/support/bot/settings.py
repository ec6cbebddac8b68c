"""Settings that no `.env` has a part in."""

from pathlib import Path
from typing import Any

from bot.settings import Settings


def settings(data_dir: Path, **values: Any) -> Settings:
    """Return the settings of a bot with this data folder."""
    return Settings(_env_file=None, data_dir=data_dir, **values)
