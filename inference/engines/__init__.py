"""What advances tasks a step at a time on one device: pictures, trainings, clips.

Knows: torch, diffusers, peft, whisper, and the models they load. Does not know: jobs in SQL, credits, Discord, files.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from inference.messages import JobEvent, Task


class Engine(Protocol):
    """One kind of work on one device.

    An engine never blocks for longer than one denoising step, a few training steps or one batch of audio windows, so
    that the worker's loop can turn between engines, take newcomers in and let cancelled jobs go.
    """

    kind: str  # the `Kind` of request it takes

    def free_slots(self) -> int:
        """Return how many more tasks could be admitted now."""
        ...

    def busy(self) -> bool:
        """Return whether a call of `step` would do any work."""
        ...

    def admit(self, task: Task) -> None:
        """Take a task in; what is wrong with it is reported by `step` as a `Failed` event, never raised."""
        ...

    def step(self) -> list[JobEvent]:
        """Advance everything that was admitted by one step and return what happened."""
        ...

    def cancel(self, job_id: str, *, keep: bool = False) -> None:
        """Let a job go between two steps; `keep`: end it early with what it has. Unknown ids are ignored."""
        ...


EngineBuilders = Mapping[str, Callable[[], Engine]]  # by kind; called again when an engine has to be replaced
