"""What travels between a dispatcher and a worker: tasks and commands one way, events the other.

Everything here is a frozen dataclass of plain data, so that it can cross a process boundary. A worker sees neither the
database nor the file store: a task carries the bytes it needs, and events carry back what was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from inference.catalogue import Catalogue
from inference.requests import Request


@dataclass(frozen=True, slots=True)
class Task:
    """A job as the pool runs it."""

    job_id: str
    attempt: int
    request: Request
    inputs: Mapping[str, bytes] = field(default_factory=dict)
    # by name: 'photo-0' … (PNG), 'audio', 'picture', 'mask', 'checkpoint', 'adapter:<subject_id>' (safetensors)


# -- commands to a worker ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Admit:
    """Take this task in, between two steps."""

    task: Task


@dataclass(frozen=True, slots=True)
class Cancel:
    """Drop a job's lanes between two steps. `keep`: a training ends early and delivers what it has."""

    job_id: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop the adapters of these subjects from memory: they were deleted."""

    subject_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Leave the loop."""


@dataclass(frozen=True, slots=True)
class UseCatalogue:
    """Make what is admitted from now on with these models; what is under way ends with what it began."""

    catalogue: Catalogue


Command = Admit | Cancel | Forget | UseCatalogue | Stop

# -- events from a worker ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units are behind us: denoising steps of all pictures, training steps, audio windows, tiles."""

    job_id: str
    attempt: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture of the work so far (WebP), newest wins; or the text so far of a long clip (`text/plain`)."""

    job_id: str
    attempt: int
    content: bytes
    media_type: str = "image/webp"


@dataclass(frozen=True, slots=True)
class Output:
    """A file that the job made; it is written under the job's id before the job is settled."""

    job_id: str
    attempt: int
    name: str  # 'picture-1.png', 'film-0050.png', 'adapter-0050.safetensors', 'transcript.srt'
    media_type: str
    content: bytes
    meta: Mapping[str, Any] = field(default_factory=dict)  # JSON-ready: seed, step, 'check' (of `inference.checks`) …


def filmstrip_name(step: int) -> str:
    """Return the name of a training's picture after so many steps."""
    return f"film-{step:04d}.png"


def adapter_name(step: int) -> str:
    """Return the name of a training's adapter after so many steps."""
    return f"adapter-{step:04d}.safetensors"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Enough to go on from `done` after a crash; newest wins. It comes back as task input `checkpoint`."""

    job_id: str
    attempt: int
    done: int
    content: bytes  # safetensors


@dataclass(frozen=True, slots=True)
class Finished:
    """The job's last event: all outputs were sent before it."""

    job_id: str
    attempt: int
    done: int  # units really computed; less than `total` after an early stop
    total: int
    summary: Mapping[str, Any] = field(default_factory=dict)  # JSON-ready: seconds, seeds, text, language, …


class PromptNote(StrEnum):
    """What the summary of pictures remarks on, under 'notes'; `bot/features/imagine/job_card.py` says it."""

    CUT = "prompt was cut"  # it is longer than the model reads
    UNKNOWN = "nothing known"  # it names none of the things that the model was trained on
    NEGATIVE = "negative had no effect"  # the family reads none, or its guidance is off
    WEIGHTS = "weights had no effect"  # the family's language model reads sentences, not words with weights
    PARTS = "parts had no effect"  # nor several sentences, each with a weight
    ALONE = "drawn alone"  # no family covers the model: its pictures are drawn one after the other


class FailureKind(StrEnum):
    """Why a job failed; `bot/shared/discord/explain.py` has a sentence for each."""

    BAD_INPUT = "bad_input"  # what the member sent cannot be used
    NO_SPEECH = "no_speech"  # nobody speaks in the clip
    OUT_OF_MEMORY = "out_of_memory"
    NOT_FINITE = "not_finite"  # NaN or infinity in the result
    MODEL = "model"  # the model cannot be loaded
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Failed:
    """The job's last event: it ended without a result. `retry`: another worker or moment may do better."""

    job_id: str
    attempt: int
    failure: FailureKind
    message: str  # for the log, and for the member where the failure is BAD_INPUT
    retry: bool = False


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """What a worker could take now: sent when it changes."""

    free: Mapping[str, int]  # kind of job → free slots
    models: tuple[str, ...] = ()  # in memory
    adapters: tuple[str, ...] = ()  # subject ids in memory
    memory_bytes: int = 0


JobEvent = Progress | Preview | Output | Checkpoint | Finished | Failed
Event = JobEvent | WorkerLoad
