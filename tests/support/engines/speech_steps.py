"""Stepping a speech engine until it has no job left, as a worker's loop does."""

import time
from collections.abc import Iterator

from inference.engines.speech.engine import SLOTS, SpeechEngine
from inference.messages import JobEvent


def steps(engine: SpeechEngine, slots: int = SLOTS) -> Iterator[list[JobEvent]]:
    """Yield the events of each step; between steps, wait for what is computed in other threads."""
    while engine.free_slots() < slots:
        if engine.busy():
            yield engine.step()
        else:
            time.sleep(0.001)
