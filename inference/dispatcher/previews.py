"""Previews of one job: the newest is written beside everything else, and nothing waits for it."""

import asyncio
import logging

from db.file_keys import PREVIEW_PICTURE, PREVIEW_TEXT, job_file
from db.files import FileStore
from inference.messages import Preview

log = logging.getLogger(__name__)

PREVIEW_NAMES = {"image/webp": PREVIEW_PICTURE, "text/plain": PREVIEW_TEXT}


class PreviewWriter:
    """Writes the newest preview of a job, and knows whether the store has heard of it."""

    def __init__(self, job_id: str, files: FileStore) -> None:
        self.task: asyncio.Task[None] | None = None  # writes, while there is something to write
        self.names: set[str] = set()  # of the files written
        self._job_id = job_id
        self._files = files
        self._newest: Preview | None = None  # to be written
        self._written = self._reporting = self._reported = 0  # how many; in the latest report; noted by the store
        self._lock = asyncio.Lock()
        self._closed = False

    def write(self, preview: Preview) -> None:
        """Write a preview, unless a newer one comes before its turn."""
        self._newest = preview
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._write_newest(), name=f"previews-{self._job_id}")

    def report(self) -> bool:
        """Return whether one was written since the last report that the store has noted."""
        self._reporting = self._written
        return self._reporting > self._reported

    def noted(self) -> None:
        """Take in that the store has noted the latest report."""
        self._reported = self._reporting

    async def close(self) -> None:
        """Write nothing more."""
        async with self._lock:
            self._closed = True

    async def _write_newest(self) -> None:
        while (preview := self._newest) is not None:
            self._newest = None
            if await self._write(preview):
                self._written += 1

    async def _write(self, preview: Preview) -> bool:
        name = PREVIEW_NAMES[preview.media_type]
        async with self._lock:
            if self._closed:
                return False
            try:
                await self._files.put(job_file(self._job_id, name), preview.content)
            except Exception as error:  # an object store has errors of its own, and a picture goes on without a preview
                log.warning("job %s: a preview could not be written: %s", self._job_id, type(error).__name__)
                return False
            self.names.add(name)
            return True
