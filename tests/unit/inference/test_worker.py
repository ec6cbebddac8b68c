"""The loop of one device, without a process around it."""

from inference.messages import Admit, Cancel, Failed, FailureKind, Finished, JobEvent, Output, Task
from inference.requests import Request
from inference.worker import Worker
from inference.worker_config import WorkerConfig
from tests.support.fakes.requests import image_request, train_request


def worker(**options: object) -> Worker:
    return Worker(WorkerConfig(engines="tests.support.fakes.engine:build", options=options))


def admit(worker: Worker, job_id: str, request: Request, attempt: int = 1) -> None:
    worker.handle(Admit(Task(job_id, attempt, request)))


def run(worker: Worker, turns: int = 1000) -> list[JobEvent]:
    events: list[JobEvent] = []
    while worker.busy() and turns:
        events += worker.step()
        turns -= 1
    return events


def ended(events: list[JobEvent]) -> dict[str, str]:
    return {event.job_id: type(event).__name__ for event in events if isinstance(event, Finished | Failed)}


def test_turn_with_pictures_and_a_training_ends_both() -> None:
    both = worker()
    admit(both, "a", image_request(count=2))
    admit(both, "b", train_request())
    events = run(both)
    assert ended(events) == {"a": "Finished", "b": "Finished"}
    assert [event.name for event in events if isinstance(event, Output) and event.job_id == "a"] == ["1.png", "2.png"]


def test_load_counts_jobs() -> None:
    some = worker(slots=3)
    admit(some, "a", image_request())
    assert (some.load().free["image"], some.load().free["train"], some.admitted) == (2, 3, 1)


def test_turn_of_an_engine_that_raises_fails_its_jobs_and_spares_the_others() -> None:
    some = worker()
    admit(some, "bad", image_request("raise@2"), attempt=2)
    admit(some, "neighbour", image_request())
    admit(some, "training", train_request())
    events = run(some)
    assert ended(events) == {"bad": "Failed", "neighbour": "Failed", "training": "Finished"}
    failed = [event for event in events if isinstance(event, Failed)]
    assert {(event.failure, event.retry) for event in failed} == {(FailureKind.INTERNAL, True)}
    assert {event.job_id: event.attempt for event in failed} == {"bad": 2, "neighbour": 1}


def test_turn_after_an_engine_was_replaced_draws_again() -> None:
    some = worker()
    admit(some, "bad", image_request("raise@2"))
    run(some)
    admit(some, "next", image_request())
    assert ended(run(some)) == {"next": "Finished"}


def test_turn_out_of_memory_says_so() -> None:
    some = worker()
    admit(some, "big", image_request("oom@1"))
    assert [event.failure for event in run(some) if isinstance(event, Failed)] == [FailureKind.OUT_OF_MEMORY]


def test_cancel_lets_only_that_job_go() -> None:
    some = worker()
    admit(some, "a", image_request("hold"))
    admit(some, "b", image_request())
    run(some, turns=2)
    some.handle(Cancel("a"))
    some.handle(Cancel("unknown"))
    assert ended(run(some)) == {"b": "Finished"}


def test_cancel_keeping_a_training_ends_it_with_what_it_has() -> None:
    some = worker()
    admit(some, "a", train_request(steps=100))
    run(some, turns=7)
    some.handle(Cancel("a", keep=True))
    last = run(some)[-1]
    assert isinstance(last, Finished)
    assert (last.done, last.total) == (7, 100)
