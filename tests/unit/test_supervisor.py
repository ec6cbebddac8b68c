"""A background loop outlives its errors, says each kind of them once, and counts them all."""

import asyncio
import logging

import pytest

from common import supervisor
from common.supervisor import Backoff, loop_metrics, supervise

AT_ONCE = Backoff(0.0, 0.0)


class Work:
    """Rounds that fail as they are told to."""

    def __init__(self, *errors: Exception | None) -> None:
        self._errors = list(errors)
        self.rounds = 0
        self.over = asyncio.Event()

    async def __call__(self) -> None:
        self.rounds += 1
        if not self._errors:
            self.over.set()
            await asyncio.Event().wait()
        if error := self._errors.pop(0):
            raise error


async def run(name: str, work: Work) -> None:
    task = supervise(name, work, every_s=0.0, backoff=AT_ONCE)
    async with asyncio.timeout(5):
        await work.over.wait()
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def metric(line: str) -> float:
    values = [one.rpartition(" ")[2] for one in loop_metrics().decode().splitlines() if one.startswith(line)]
    assert len(values) == 1
    return float(values[0])


async def test_loop_goes_on_after_errors_and_counts_them() -> None:
    work = Work(OSError("away"), ValueError("odd"), None, OSError("away"))
    await run("counting", work)
    assert work.rounds == 5
    assert metric('atelier_loop_failures_total{loop="counting"}') == 3


async def test_loop_that_never_failed_is_counted_as_zero() -> None:
    await run("fine", Work(None))
    assert metric('atelier_loop_failures_total{loop="fine"}') == 0
    assert metric('atelier_loop_failing{loop="fine"}') == 0


async def test_errors_in_a_row_are_shown_until_it_works() -> None:
    seen = []

    async def work() -> None:
        seen.append(metric('atelier_loop_failing{loop="row"}'))
        if len(seen) < 4:
            raise OSError("away")

    await supervise("row", work, backoff=AT_ONCE, until_done=True)
    assert seen == [0, 1, 2, 3]
    assert metric('atelier_loop_failing{loop="row"}') == 0


async def test_each_kind_of_error_is_logged_once_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await run("noisy", Work(*[OSError(f"away {n}") for n in range(20)], *[ValueError(n) for n in range(20)], None))
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [type(record.exc_info[1]) for record in errors if record.exc_info] == [OSError, ValueError]
    assert caplog.messages[-1] == "noisy works again, after 40 errors"


async def test_a_loop_that_fails_every_other_round_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await run("flapping", Work(*[error for n in range(20) for error in (OSError(n), None)]))
    assert len(caplog.records) == 2


async def test_a_round_that_goes_on_for_long_counts_as_working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STEADY_S", 0.01)
    work = Work(OSError("away"))
    task = supervise("steady", work, backoff=AT_ONCE)
    async with asyncio.timeout(5):
        await work.over.wait()
    assert metric('atelier_loop_failing{loop="steady"}') == 1
    await asyncio.sleep(0.1)  # ten times as long as that
    assert metric('atelier_loop_failing{loop="steady"}') == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_loop_can_be_stopped_in_its_round_and_in_its_pause() -> None:
    for work in (Work(), Work(OSError("away"))):
        task = supervise("stopped", work, backoff=Backoff(3600.0, 3600.0))
        await asyncio.sleep(0.01)
        task.cancel()
        async with asyncio.timeout(5):
            assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)


async def test_work_that_is_done_is_not_done_again() -> None:
    work = Work(OSError("away"), None)
    async with asyncio.timeout(5):
        await supervise("once", work, backoff=AT_ONCE, until_done=True)
    assert work.rounds == 2


@pytest.mark.parametrize(("failures", "pause_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (10_000, 5.0)])
def test_pauses_double_up_to_the_longest(failures: int, pause_s: float) -> None:
    assert Backoff(1.0, 5.0).pause_s(failures) == pause_s
