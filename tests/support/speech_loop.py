"""A speech engine at work until nothing is aboard, as a worker's loop lets it work."""

import time
from collections.abc import Iterator

from inference.engines.speech.engine import SLOTS, SpeechEngine
from inference.messages import JobEvent


def steps(engine: SpeechEngine, slots: int = SLOTS) -> Iterator[list[JobEvent]]:
    """Yield the events of each step; between steps wait for what is done beside the loop."""
    while engine.free_slots() < slots:
        if engine.busy():
            yield engine.step()
        else:
            time.sleep(0.001)
