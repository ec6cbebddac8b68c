"""What a child says, and how often."""

from collections.abc import Iterator
from multiprocessing import Pipe

import pytest

from inference.messages import Admit, Finished, JobEvent, Progress, Task
from inference.pool.child import HEARTBEAT_EVERY_S, PROGRESS_EVERY_S, Outbox
from inference.worker import Worker, WorkerReport
from inference.worker_config import WorkerConfig
from tests.support.fakes.requests import image_request


class Wire:
    """A pipe, and a clock."""

    def __init__(self) -> None:
        self.ours, self.theirs = Pipe()
        self.now_s = 100.0

    def sent(self) -> list[WorkerReport]:
        """Return what was sent since the last look."""
        sent = []
        while self.ours.poll():
            sent.append(self.ours.recv())
        return sent


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.ours.close()
    wire.theirs.close()


@pytest.fixture
def worker() -> Worker:
    return Worker(WorkerConfig(engines="tests.support.fakes.engine:build"))


@pytest.fixture
def outbox(wire: Wire, worker: Worker) -> Outbox:
    """An outbox that has introduced its worker."""
    outbox = Outbox(wire.theirs, clock=lambda: wire.now_s)
    outbox.send([], worker, flush=True)
    wire.sent()
    return outbox


def step(done: int, job_id: str = "a") -> Progress:
    return Progress(job_id, 1, done, 10)


def test_say_first_thing_is_the_load(wire: Wire, worker: Worker) -> None:
    Outbox(wire.theirs, clock=lambda: wire.now_s).send([], worker, flush=False)
    assert wire.sent() == [WorkerReport((), worker.load(), 0)]


def test_say_progress_is_put_together_and_the_newest_wins(wire: Wire, worker: Worker, outbox: Outbox) -> None:
    for done in (1, 2, 3):
        outbox.send([step(done), step(done, "b")], worker, flush=False)
    assert wire.sent() == []
    wire.now_s += 2 * PROGRESS_EVERY_S
    outbox.send([], worker, flush=False)
    assert wire.sent() == [WorkerReport((step(3), step(3, "b")))]


def test_say_an_end_goes_at_once_after_the_progress_before_it(wire: Wire, worker: Worker, outbox: Outbox) -> None:
    events: list[JobEvent] = [step(10), Finished("a", 1, 10, 10)]
    outbox.send([step(9)], worker, flush=False)
    outbox.send(events, worker, flush=False)
    assert wire.sent() == [WorkerReport(tuple(events))]


def test_say_before_waiting_everything_goes(wire: Wire, worker: Worker, outbox: Outbox) -> None:
    outbox.send([step(1)], worker, flush=True)
    assert wire.sent() == [WorkerReport((step(1),))]


def test_say_nothing_for_long_is_a_pulse(wire: Wire, worker: Worker, outbox: Outbox) -> None:
    outbox.send([], worker, flush=False)
    wire.now_s += 2 * HEARTBEAT_EVERY_S
    outbox.send([], worker, flush=False)
    assert wire.sent() == [WorkerReport()]


def test_say_a_changed_load_goes_at_once_with_the_count_of_admissions(
    wire: Wire, worker: Worker, outbox: Outbox
) -> None:
    worker.handle(Admit(Task("a", 1, image_request())))
    outbox.send([], worker, flush=False)
    assert wire.sent() == [WorkerReport((), worker.load(), 1)]
