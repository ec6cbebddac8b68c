"""What happens to a job's runner: which worker it goes to, what that worker made of it, and what interrupts it."""

from dataclasses import dataclass
from enum import Enum

from inference.messages import Checkpoint, Failed, Finished, Output


@dataclass(frozen=True, slots=True)
class Placed:
    """A worker was chosen for the job."""

    worker_id: str


class Interrupt(Enum):
    """What may end a job from outside."""

    CANCELLED = "somebody asked for its end"
    LEASE_LOST = "it belongs to another dispatcher now"
    WORKER_LOST = "its worker died"
    CLOSING = "this dispatcher is being stopped"


RunnerEvent = Placed | Output | Checkpoint | Finished | Failed | Interrupt
