"""What an error while computing means for its job."""

import logging

import torch

from inference.errors import AdapterRejected, BadRequest, ModelUnusable
from inference.messages import Failed, FailureKind, Task

log = logging.getLogger(__name__)


def failed(task: Task, error: Exception) -> Failed:
    """Return the last event of a task that ended with `error`."""
    kind, retry = FailureKind.INTERNAL, True
    if isinstance(error, BadRequest | AdapterRejected):
        kind, retry = FailureKind.BAD_INPUT, False
    elif isinstance(error, ModelUnusable):
        kind, retry = FailureKind.MODEL, False
    elif is_out_of_memory(error):
        kind = FailureKind.OUT_OF_MEMORY
    elif isinstance(error, FloatingPointError):
        kind, retry = FailureKind.NOT_FINITE, False
    if kind is FailureKind.INTERNAL:
        log.error("job %s failed", task.job_id, exc_info=error)
    return Failed(task.job_id, task.attempt, kind, str(error), retry)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory has run out: a GPU's, or the machine's, for which torch has no class of its own."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in str(error)


def raise_if_device_is_lost(error: Exception) -> None:
    """Pass on what leaves the whole device unusable: the worker has to be replaced."""
    if not is_out_of_memory(error) and "CUDA error" in str(error):
        raise error
