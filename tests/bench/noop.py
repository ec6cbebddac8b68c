"""An engine with nothing behind it: whatever is admitted is finished at the next step."""

import io

from PIL import Image

from inference.engines import Engine, EngineBuilders
from inference.messages import Finished, JobEvent, Output, Task
from inference.requests import ImageRequest, Kind

SLOTS = 64
SIDE_PX = 512


def picture() -> bytes:
    """Return the one picture that there is."""
    file = io.BytesIO()
    Image.new("RGB", (SIDE_PX, SIDE_PX), "teal").save(file, "PNG")
    return file.getvalue()


def build(device: str, **_options: object) -> EngineBuilders:
    """Return the builder of the picture engine; whatever the settings say about models means nothing to it."""

    def builder() -> Engine:
        return NoEngine()

    return {str(Kind.IMAGE): builder}


class NoEngine:
    """Give every picture request the same picture, at once."""

    kind = str(Kind.IMAGE)

    def __init__(self) -> None:
        self._picture = picture()
        self._tasks: list[Task] = []

    def free_slots(self) -> int:
        return SLOTS - len(self._tasks)

    def busy(self) -> bool:
        return bool(self._tasks)

    def admit(self, task: Task) -> None:
        self._tasks.append(task)

    def cancel(self, job_id: str, *, keep: bool = False) -> None:
        self._tasks = [task for task in self._tasks if task.job_id != job_id]

    def step(self) -> list[JobEvent]:
        events: list[JobEvent] = []
        for task in self._tasks:
            assert isinstance(task.request, ImageRequest)
            for index in range(task.request.count):
                name, meta = f"picture-{index + 1}.png", {"seed": task.request.seed + index}
                events.append(Output(task.job_id, task.attempt, name, "image/png", self._picture, meta))
            events.append(Finished(task.job_id, task.attempt, task.request.steps, task.request.steps))
        self._tasks = []
        return events
