"""The files of one attempt at a job: written before it is settled, cleared up when it has ended."""

import asyncio
from functools import partial
from typing import Any

from db.file_keys import checkpoint_name, job_file, job_folder
from db.files import FileStore
from db.queue.job import Job
from inference.dispatcher.inputs import earlier_checkpoints
from inference.dispatcher.previews import PreviewWriter
from inference.dispatcher.retries import retry
from inference.messages import Checkpoint, Output


class JobFiles:
    """Outputs, checkpoints and previews of one job.

    Outputs have names that do not depend on the attempt. Two dispatchers that both believe a job is theirs write the
    same names, whole files each (seeds are part of the request, so also the same pictures); which of them settles is
    decided by the lease. Only checkpoints, which differ in how far they have come, have a name for each attempt.
    """

    def __init__(self, job: Job, store: FileStore) -> None:
        self.outputs: dict[str, dict[str, Any]] = {}  # what the job's outcome says of each file, by name
        self.previews = PreviewWriter(job.id, store)
        self._job = job
        self._store = store
        self._checkpoints: set[str] = set()  # names

    async def write(self, file: Output | Checkpoint, *, after: frozenset["asyncio.Task[None]"]) -> None:
        """Write a file.

        Args:
            file: what the worker made.
            after: writes that a checkpoint waits for: whoever goes on from it has everything that came before it.
        """
        if isinstance(file, Output):
            self.outputs[file.name] = {"media_type": file.media_type, **file.meta}
            await self._write(file.name, file.content)
        else:
            name = checkpoint_name(self._job.attempt)
            self._checkpoints.add(name)
            if after:
                await asyncio.wait(after)
            await self._write(name, file.content)

    async def keep_result(self) -> None:
        """Delete what nobody needs besides the result."""
        for key in [job_file(self._job.id, name) for name in self._checkpoints | self.previews.names]:
            await self._store.delete(key)
        for key in await earlier_checkpoints(self._job, self._store):
            await self._store.delete(key)

    async def delete_all(self) -> None:
        """Delete every file of the job, and write no more previews."""
        await self.previews.close()
        await self._store.delete_tree(job_folder(self._job.id))

    async def _write(self, name: str, content: bytes) -> None:
        write = partial(self._store.put, job_file(self._job.id, name), content)
        await retry(f"writing {name} of job {self._job.id}", write)
