"""A file that notices being read."""

import os
from pathlib import Path

from tests.support.files.sounds import tone, wav


class Canary:
    """A file that knows whether it was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(wav(tone(1.0)))
        os.utime(path, (1_000_000_000, 1_500_000_000))  # read long before it was written: the next read is recorded

    def touched(self) -> bool:
        """Tell whether it was read."""
        return self.path.stat().st_atime > 1_000_000_000
