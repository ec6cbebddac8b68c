"""What a task carries: the bytes that its request names, read from the file store."""

import asyncio
import contextlib

from db.errors import FileMissing
from db.file_keys import checkpoint_name, job_file, job_folder, subject_adapter
from db.files import FileStore
from db.queue.job import Job
from inference.errors import BadRequest
from inference.messages import Task
from inference.requests import ImageRequest, Request, TrainRequest, TranscribeRequest, UpscaleRequest, from_json

CHECKPOINT = "checkpoint"


class InputMissing(BadRequest):
    """A photo, a picture, a clip or an adapter was deleted before the job's turn came."""

    message = "Something this job needs was deleted before its turn. Please start it again."


async def load_task(job: Job, files: FileStore) -> Task:
    """Return the task of a claimed job with all its bytes.

    Adapters are sent even to a worker that has them in memory: the owner may have chosen another step since, or deleted
    the subject. The worker sees that the bytes are the same and reads nothing twice.

    Raises:
        InputMissing: a photo, a picture, a clip or an adapter is not there any more.
        KeyError, TypeError, ValueError: the stored request is not one of ours.
    """
    request = from_json(job.request)
    keys = input_keys(request)
    try:
        contents = await asyncio.gather(*(files.get(key) for key in keys.values()))
    except FileMissing as error:
        raise InputMissing from error
    inputs = dict(zip(keys, contents, strict=True))
    for key in await earlier_checkpoints(job, files):
        with contextlib.suppress(FileMissing):
            inputs[CHECKPOINT] = await files.get(key)
            break
    return Task(job.id, job.attempt, request, inputs)


async def earlier_checkpoints(job: Job, files: FileStore) -> list[str]:
    """Return the keys of what earlier attempts have left to go on from, the latest first; none: from the beginning."""
    if job.attempt == 1:
        return []
    there = set(await files.list(job_folder(job.id)))
    keys = [job_file(job.id, checkpoint_name(attempt)) for attempt in range(job.attempt - 1, 0, -1)]
    return [key for key in keys if key in there]


def input_keys(request: Request) -> dict[str, str]:
    """Return the file key of each input by the input's name."""
    match request:
        case ImageRequest(subjects=subjects, init=init, references=references):
            keys = {f"adapter:{use.subject_id}": subject_adapter(use.subject_id) for use in subjects}
            keys |= {f"reference-{index}": key for index, key in enumerate(references)}
            if init is None:
                return keys
            return keys | {"picture": init.key} | ({"mask": init.mask} if init.mask else {})
        case TrainRequest(photos=photos):
            return {f"photo-{index}": key for index, key in enumerate(photos)}
        case TranscribeRequest(audio=key):
            return {"audio": key}
        case UpscaleRequest(picture=key):
            return {"picture": key}
