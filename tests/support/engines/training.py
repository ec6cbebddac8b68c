"""Small trainings: the task, its steps, and what comes out."""

from inference.engines.training.engine import TrainingEngine
from inference.messages import Failed, Finished, JobEvent, Output, Task
from inference.requests import TrainRequest
from tests.support.engines.creature import photo

STEPS = 6


def task(model: str = "sd", *, attempt: int = 1, checkpoint: bytes | None = None, **changes: object) -> Task:
    """Return a task of a small training.

    Args:
        model: the base model.
        attempt: the attempt.
        checkpoint: where an earlier attempt stopped.
        changes: fields of the request.
    """
    request = TrainRequest(
        **{  # type: ignore[arg-type]
            "subject_id": "s1",
            "name": "Blob",
            "class_noun": "mascot",
            "trigger": "zkv",
            "model": model,
            "photos": ("a", "b", "c"),
            "steps": STEPS,
            "rank": 2,
            "learning_rate": 1e-3,
            "seed": 3,
            "preview_every": 3,
            "prior_weight": 0.0,  # the class pictures have tests of their own
            **changes,
        }
    )
    inputs = {f"photo-{index}": photo(index, 32) for index in range(3)}
    return Task("job", attempt, request, inputs | ({"checkpoint": checkpoint} if checkpoint else {}))


def run(engine: TrainingEngine, *, until: type[JobEvent] = Finished, count: int = 1) -> list[JobEvent]:
    """Step until `count` events of a kind (or a failure) were seen."""
    events: list[JobEvent] = []
    assert engine._active is None or engine._active.loading.result(timeout=60)
    while sum(isinstance(event, until) for event in events) < count:
        events += engine.step()
        if events and isinstance(events[-1], Failed):
            break
    return events


def output(events: list[JobEvent], name: str) -> bytes:
    """Return the content of the file of this name that was reported."""
    return next(event.content for event in events if isinstance(event, Output) and event.name == name)
